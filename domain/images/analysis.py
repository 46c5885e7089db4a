"""What is told of an uploaded picture besides the results that are made of it."""

import base64
import binascii
import math
import re
from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Final

import attrs

from domain.errors import InvalidParameter
from domain.images.formats import ImageFormat
from domain.images.operations.checks import camel_case
from domain.images.units import Color

MOST_COLORS: Final = 5
"""Dominant colours that are told at most."""

_BASE83: Final = re.compile(r"[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{6,166}", re.ASCII)
_BASE83_DIGITS: Final = (
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
)
_PHASH: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)
_LONGEST_NAME: Final = 64
_MOST_PX: Final = 1_000_000
_MOST_FRAMES: Final = 1_000_000


class Aspect(Enum):
    """What can be asked about a picture; the values are the words of the language."""

    DIMENSIONS = "dimensions"
    EXIF = "exif"
    BLURHASH = "blurhash"
    THUMBHASH = "thumbhash"
    DOMINANT_COLORS = "dominantColors"
    AVERAGE_COLOR = "averageColor"
    PHASH = "phash"

    @property
    def needs_pixels(self) -> bool:
        """Whether the header does not tell it."""
        return self not in (Aspect.DIMENSIONS, Aspect.EXIF)


def in_order(aspects: Iterable[Aspect]) -> list[Aspect]:
    """Return *aspects* in the one order in which they are written."""
    return sorted(aspects, key=list(Aspect).index)


@attrs.frozen
class Dimensions:
    """
    What the picture is, as a viewer sees it.

    Attributes:
        width: Pixels of one frame, turned upright.
        height: Pixels likewise.
        frames: Of an animation, or pages; else 1.
        orientation: EXIF orientation as stored, 1 to 8; 1 where there is none.
        has_alpha: Whether it can be transparent, not whether any of it is.
    """

    width: int
    height: int
    frames: int
    orientation: int
    format: ImageFormat
    has_alpha: bool

    def __attrs_post_init__(self) -> None:
        _check_range("width", self.width, 1, _MOST_PX)
        _check_range("height", self.height, 1, _MOST_PX)
        _check_range("frames", self.frames, 1, _MOST_FRAMES)
        _check_range("orientation", self.orientation, 1, 8)


@attrs.frozen
class ExifSummary:
    """
    How the picture was taken, never where, by whom, or with which one camera of its kind.

    What EXIF does not tell, or tells as nonsense, is None.

    Attributes:
        make: At most 64 printable characters.
        model: Likewise.
        taken_at: By the camera's clock; with a zone only where EXIF names one.
        orientation: 1 to 8; 1 where there is none.
    """

    make: str | None = None
    model: str | None = None
    taken_at: datetime | None = None
    exposure_seconds: float | None = None
    f_number: float | None = None
    iso: int | None = None
    focal_length_mm: float | None = None
    orientation: int = 1

    def __attrs_post_init__(self) -> None:
        for name, text in (("make", self.make), ("model", self.model)):
            if text is not None and not (
                0 < len(text) <= _LONGEST_NAME and text.isprintable() and text == text.strip()
            ):
                raise InvalidParameter("is no name of a camera", pointer=f"/{name}")
        _check_range("exposureSeconds", self.exposure_seconds, 0, 1_000_000)
        _check_range("fNumber", self.f_number, 0, 1000)
        _check_range("iso", self.iso, 1, 100_000_000)
        _check_range("focalLengthMm", self.focal_length_mm, 0, 100_000)
        _check_range("orientation", self.orientation, 1, 8)


@attrs.frozen
class DominantColor:
    """
    A colour that much of the picture has.

    Attributes:
        share: Of what is seen of the picture, more than 0 and at most 1.
    """

    color: Color
    share: float

    def __attrs_post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise InvalidParameter("must be more than 0 and at most 1", pointer="/share")


@attrs.frozen
class Analysis:
    """
    What was found out about an uploaded picture; None for what was not asked.

    It is about the picture as it came, turned upright, before any operation; of an animation,
    about its first frame.

    Attributes:
        blurhash: As https://blurha.sh has it; transparency shows white.
        thumbhash: As https://evanw.github.io/thumbhash/ has it, in Base64.
        dominant_colors: At most `MOST_COLORS`, the largest share first; none of a picture that is
            wholly transparent.
        average_color: The mean of all pixels, each weighed by its opacity; its alpha is the mean
            opacity.
        phash: 64 bits in hex, those of the DCT hash of Python's ImageHash: pictures that look alike
            differ in few bits.
    """

    dimensions: Dimensions | None = None
    exif: ExifSummary | None = None
    blurhash: str | None = None
    thumbhash: str | None = None
    dominant_colors: tuple[DominantColor, ...] | None = None
    average_color: Color | None = None
    phash: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.blurhash is not None and not _is_blurhash(self.blurhash):
            raise InvalidParameter("is no BlurHash", pointer="/blurhash")
        if self.thumbhash is not None and not _is_thumbhash(self.thumbhash):
            raise InvalidParameter("is no ThumbHash", pointer="/thumbhash")
        if self.phash is not None and _PHASH.fullmatch(self.phash) is None:
            raise InvalidParameter("must be 16 hex digits", pointer="/phash")
        colors = self.dominant_colors or ()
        # Rounding may take the sum a hair over the whole.
        if len(colors) > MOST_COLORS or sum(one.share for one in colors) > 1.01:
            raise InvalidParameter(
                f"must be at most {MOST_COLORS} colours of one picture", pointer="/dominantColors"
            )

    @property
    def aspects(self) -> frozenset[Aspect]:
        """What it tells about."""
        return frozenset(
            Aspect(camel_case(field.name))
            for field in attrs.fields(Analysis)
            if getattr(self, field.name) is not None
        )


def _check_range(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not (math.isfinite(value) and low <= value <= high):
        raise InvalidParameter(f"must be from {low} to {high}", pointer=f"/{name}")


def _is_blurhash(text: str) -> bool:
    """Tell whether *text* is as long as its first character says."""
    if _BASE83.fullmatch(text) is None:
        return False
    rows, columns = divmod(_BASE83_DIGITS.index(text[0]), 9)
    return rows < 9 and len(text) == 4 + 2 * (rows + 1) * (columns + 1)


def _is_thumbhash(text: str) -> bool:
    try:
        return 5 <= len(base64.b64decode(text, validate=True)) <= 25 and len(text) <= 36
    except (binascii.Error, ValueError):
        return False
