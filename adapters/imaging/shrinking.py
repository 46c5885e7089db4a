"""How far a JPEG is shrunk by its decoder, and where its pixels then lie."""

from typing import Final

import attrs

from domain.images.pipeline import Sampling

_SHRINKS: Final = (8, 4, 2)  # what the decoder can do beside 1
_MARGINS: Final = {Sampling.FAST: 1.25, Sampling.QUALITY: 2.0}
"""What is decoded has at least so many times the pixels of the result, on each side."""

_MOST_PADDING: Final = 8


@attrs.frozen
class Grid:
    """
    How one axis of a shrunken picture is resampled.

    Attributes:
        padded: Pixels that it has with its last one repeated a few times.
        scale: What it is then resampled by; what comes out beyond the result is cut off.
    """

    padded: int
    scale: float


def shrink_of(stored: tuple[int, int], wanted: tuple[int, int], sampling: Sampling) -> int:
    """Return by how much the decoder may shrink a picture of the sides *stored*."""
    margin = _MARGINS[sampling]
    least = min(side / result for side, result in zip(stored, wanted, strict=True))
    return next((shrink for shrink in _SHRINKS if least >= shrink * margin), 1)


def grid(stored: int, shrink: int, decoded: int, wanted: int) -> Grid:
    """
    Return how to make *wanted* pixels of the *decoded* ones that stand for *stored*.

    The decoder drops what does not fill a last pixel: 1411 by 4 are 352, which stand for 1408.
    Stretching those over the result would shift what is in it, so the scale is that of the whole,
    352.75. libvips lays the middle of what it is given over the middle of what it makes, in whole
    pixels; so as many pixels are added as make the two fit best.
    """
    if decoded * shrink == stored:
        return Grid(decoded, wanted / decoded)
    scale = wanted * shrink / stored

    def shift(padded: int) -> float:
        return abs(padded - round(padded * scale) / scale)

    enough = [
        padded
        for padded in range(decoded, decoded + _MOST_PADDING)
        if round(padded * scale) >= wanted
    ]
    return Grid(min(enough, key=shift), scale)
