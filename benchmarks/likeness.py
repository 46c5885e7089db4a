"""Whether contestants have done the same work: what they wrote, beside a reference."""

import io
from functools import cache
from pathlib import Path
from typing import Final

import attrs
import numpy as np
from PIL import Image, ImageSequence
from skimage.metrics import structural_similarity

MOST_DECIBELS, MOST_SIMILARITY = 0.3, 0.005
"""How far a contestant may be below the best of its class."""

_LOOKED_AT: Final = 3  # frames of an animation

Image.MAX_IMAGE_PIXELS = None


@attrs.frozen
class Likeness:
    """
    What was written.

    Attributes:
        decibels: Peak signal-to-noise ratio to the reference.
        similarity: Structural similarity to it, 0 to 1.
    """

    width: int
    height: int
    frames: int
    byte_size: int
    decibels: float
    similarity: float

    def is_below(self, other: "Likeness") -> bool:
        """Tell whether this is visibly worse than *other*."""
        return (
            self.decibels < other.decibels - MOST_DECIBELS
            or self.similarity < other.similarity - MOST_SIMILARITY
        )


def look(written: Path, source: Path, *, marked: bool = False) -> Likeness:
    """
    Compare *written* with every pixel of *source* resampled by Lanczos, as Pillow does it.

    What is *marked* has a watermark in its lower right quarter, which is not looked at.
    """
    picture = Image.open(written)
    frames = getattr(picture, "n_frames", 1)
    step = max(1, frames // _LOOKED_AT)
    found = []
    for number in range(0, frames, step):
        picture.seek(number)
        shown = np.asarray(picture.convert("RGB"))
        wanted = _reference(source, picture.size, number)
        if marked:
            shown, wanted = (one[: len(one) // 2] for one in (shown, wanted))
        error = float(((shown.astype(float) - wanted) ** 2).mean())
        found.append(
            (
                10 * np.log10(255**2 / max(error, 1e-9)),
                structural_similarity(shown, wanted, channel_axis=2),
            )
        )
    decibels, similarity = (float(np.mean(one)) for one in zip(*found, strict=True))
    return Likeness(*picture.size, frames, written.stat().st_size, decibels, similarity)


@cache
def _reference(source: Path, size: tuple[int, int], number: int) -> np.ndarray:
    picture = Image.open(io.BytesIO(source.read_bytes()))
    frame = ImageSequence.Iterator(picture)[number] if number else picture
    return np.asarray(frame.convert("RGB").resize(size, Image.Resampling.LANCZOS))
