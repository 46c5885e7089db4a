"""What a result is written as."""

from enum import Enum
from typing import Any, Final

import attrs

from domain.errors import InvalidParameter
from domain.images.formats import ImageFormat
from domain.images.operations.checks import between, camel_case, opaque
from domain.images.units import WHITE, Color


class Auto(Enum):
    """Leaves the format to us."""

    AUTO = "auto"


Format = ImageFormat | Auto | None
"""A format; `Auto.AUTO` for what suits the picture; None for the upload's own (`"same"`)."""


class Subsampling(Enum):
    """How finely colour is kept beside lightness."""

    AUTO = "auto"  # coarsely, but for qualities from 90 on
    COARSE = "4:2:0"
    FINE = "4:4:4"


class Kept(Enum):
    """A kind of metadata that may stay with a picture."""

    NONE = "none"
    COPYRIGHT = "copyright"  # the EXIF field of that name, and nothing else of EXIF
    EXIF = "exif"
    ICC = "icc"
    XMP = "xmp"
    IPTC = "iptc"
    ALL = "all"


def _bounded(low: float, high: float) -> Any:
    return attrs.validators.optional(between(low, high))


@attrs.frozen
class Qualities:
    """A quality for each format that has one, 1-100; None for the format's default."""

    jpeg: int | None = attrs.field(default=None, validator=_bounded(1, 100))
    webp: int | None = attrs.field(default=None, validator=_bounded(1, 100))
    avif: int | None = attrs.field(default=None, validator=_bounded(1, 100))

    @classmethod
    def of(cls, quality: int) -> "Qualities":
        """Return the same *quality* for every format."""
        if not 1 <= quality <= 100:
            raise InvalidParameter("must be from 1 to 100")
        return cls(quality, quality, quality)


@attrs.frozen
class Palette:
    """
    Few colours, each pixel naming one.

    Attributes:
        colors: At most so many, 2-256.
        dither: How much of the error is spread over the neighbours, 0-1.
    """

    colors: int = attrs.field(default=256, validator=between(2, 256))
    dither: float = attrs.field(default=1.0, validator=between(0, 1))


@attrs.frozen
class Metadata:
    """
    What of the upload's metadata stays.

    Attributes:
        keep: Kinds; `none` and `all` stand alone.
        strip_gps: Whether positions are dropped even where their kind is kept.
    """

    keep: tuple[Kept, ...] = (Kept.COPYRIGHT, Kept.ICC)
    strip_gps: bool = True

    def __attrs_post_init__(self) -> None:
        if len(self.keep) > 1 and {Kept.NONE, Kept.ALL} & set(self.keep):
            raise InvalidParameter('"none" and "all" stand alone', pointer="/keep")
        if len(set(self.keep)) < len(self.keep):
            raise InvalidParameter("names a kind twice", pointer="/keep")


def _qualities(quality: Qualities | int | None) -> Qualities:
    if isinstance(quality, Qualities):
        return quality
    try:
        return Qualities() if quality is None else Qualities.of(quality)
    except InvalidParameter as error:
        raise error.under("/quality") from None


_LEAST_DELAY_MS: Final = 10
_MAX_DELAY_MS: Final = 60_000
_MAX_BYTES: Final = 2**31

Delay = int | tuple[int, ...] | None


@attrs.frozen
class Output:
    """
    Format and make of a result; None leaves a choice to the format, or to the upload.

    Attributes:
        max_bytes: The quality is lowered until the file is no larger.
        lossless: For WebP and AVIF; PNG, GIF and TIFF lose nothing but a palette's colours.
        effort: 0 (quick) to 10 (small), on one scale for all formats.
        progressive: For JPEG, PNG and GIF: a rough picture comes first.
        loop: How often an animation runs; 0 for ever.
        delay: Milliseconds that each frame stands, or one number for all.
        background: What transparency is laid on where the format has none.
    """

    format: Format = None
    quality: Qualities = attrs.field(default=Qualities(), converter=_qualities)
    max_bytes: int | None = attrs.field(default=None, validator=_bounded(100, _MAX_BYTES))
    lossless: bool = False
    effort: int | None = attrs.field(default=None, validator=_bounded(0, 10))
    progressive: bool = False
    chroma_subsampling: Subsampling = Subsampling.AUTO
    palette: Palette | None = None
    loop: int | None = attrs.field(default=None, validator=_bounded(0, 65_535))
    delay: Delay = None
    metadata: Metadata = Metadata()
    background: Color = attrs.field(default=WHITE, validator=opaque)

    def __attrs_post_init__(self) -> None:
        delays = _delays(self.delay)
        if not delays or not all(_LEAST_DELAY_MS <= delay <= _MAX_DELAY_MS for delay in delays):
            raise InvalidParameter(
                f"must be from {_LEAST_DELAY_MS} to {_MAX_DELAY_MS} milliseconds", pointer="/delay"
            )
        if self.lossless and self.max_bytes is not None:
            raise InvalidParameter("cannot be promised of what loses nothing", pointer="/maxBytes")
        if isinstance(self.format, ImageFormat):
            for name, formats in _USED_BY.items():
                chosen = getattr(self, name) != attrs.fields_dict(Output)[name].default
                if chosen and self.format not in formats:
                    known = ", ".join(one.value for one in formats)
                    raise InvalidParameter(
                        f"means nothing for {self.format.value}, only for {known}",
                        pointer=f"/{camel_case(name)}",
                    )


def _delays(delay: Delay) -> tuple[int, ...]:
    if isinstance(delay, tuple):
        return delay
    return (_LEAST_DELAY_MS if delay is None else delay,)


_USED_BY: Final = {
    "max_bytes": (ImageFormat.JPEG, ImageFormat.WEBP, ImageFormat.AVIF),
    "lossless": (ImageFormat.WEBP, ImageFormat.AVIF, ImageFormat.PNG, ImageFormat.TIFF),
    "progressive": (ImageFormat.JPEG, ImageFormat.PNG, ImageFormat.GIF),
    "chroma_subsampling": (ImageFormat.JPEG, ImageFormat.AVIF),
    "palette": (ImageFormat.PNG, ImageFormat.GIF),
    "loop": (ImageFormat.GIF, ImageFormat.WEBP),
    "delay": (ImageFormat.GIF, ImageFormat.WEBP),
}
"""What only some formats have a use for; asked of another that is named, it is a mistake."""
