"""
The operations of the pipeline language, as frozen values that cannot be built wrong.

`Operation` is their union. To add one: write its value here, add it to the union,
and mypy names every place that has to learn it (the steps end in `assert_never`).
Names, units and defaults follow the language reference, docs/processing-options.md.
"""

import math
import re
from enum import Enum
from typing import Final

import attrs

from domain.errors import InvalidParameter
from domain.images.units import TRANSPARENT, Color, Length, Percent, check_extent

_ASSET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}", re.ASCII)


class Fit(Enum):
    """How a picture meets a box of another shape."""

    INSIDE = "inside"  # whole picture, no side longer than the box
    OUTSIDE = "outside"  # whole picture, no side shorter than the box
    COVER = "cover"  # fills the box, cut by gravity
    CONTAIN = "contain"  # whole picture, padded to the box with the background
    FILL = "fill"  # stretched to the box


class Gravity(Enum):
    """The side or corner that a cut keeps, a pad leaves free or a mark stands in."""

    CENTER = "center"
    NORTH = "north"
    NORTHEAST = "northeast"
    EAST = "east"
    SOUTHEAST = "southeast"
    SOUTH = "south"
    SOUTHWEST = "southwest"
    WEST = "west"
    NORTHWEST = "northwest"

    @property
    def share(self) -> tuple[float, float]:
        """How much of the free space lies left of and above the picture, each 0, 0.5 or 1."""
        across = 0.0 if "west" in self.value else 1.0 if "east" in self.value else 0.5
        down = 0.0 if "north" in self.value else 1.0 if "south" in self.value else 0.5
        return across, down


def camel_case(name: str) -> str:
    """Return the language's spelling of an attribute: `offset_x` → `offsetX`."""
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


def _between(low: float, high: float) -> "attrs._ValidatorType[float]":
    def check(_: object, attribute: "attrs.Attribute[float]", value: float) -> None:
        if not (math.isfinite(value) and low <= value <= high):
            raise InvalidParameter(
                f"must be from {low:g} to {high:g}", pointer=f"/{camel_case(attribute.name)}"
            )

    return check


@attrs.frozen
class AutoOrient:
    """Turn the picture upright as its EXIF orientation says, and drop the tag."""


@attrs.frozen
class Resize:
    """Change the size; one side may be left out, the other then keeps the shape."""

    width: Length | None = None
    height: Length | None = None
    fit: Fit = Fit.INSIDE
    gravity: Gravity = Gravity.CENTER
    background: Color = TRANSPARENT
    without_enlargement: bool = True
    without_reduction: bool = False

    def __attrs_post_init__(self) -> None:
        if self.width is None and self.height is None:
            raise InvalidParameter("resize needs a width, a height or both")
        check_extent("width", self.width)
        check_extent("height", self.height)


@attrs.frozen
class AspectRatio:
    """A shape, width to height, such as 16:9."""

    width: int
    height: int

    def __attrs_post_init__(self) -> None:
        if not (1 <= self.width <= 10_000 and 1 <= self.height <= 10_000):
            raise InvalidParameter("each side of the ratio must be from 1 to 10000")

    def __str__(self) -> str:
        return f"{self.width}:{self.height}"


@attrs.frozen
class Crop:
    """
    Cut out a region: by `left` and `top`, by `gravity`, or the largest of an aspect ratio.

    Relative to the picture as it is at this point of the pipeline.
    """

    left: Length | None = None
    top: Length | None = None
    width: Length | None = None
    height: Length | None = None
    aspect_ratio: AspectRatio | None = None
    gravity: Gravity = Gravity.CENTER

    def __attrs_post_init__(self) -> None:
        check_extent("width", self.width)
        check_extent("height", self.height)
        if self.aspect_ratio is not None:
            if any(part is not None for part in (self.left, self.top, self.width, self.height)):
                raise InvalidParameter(
                    "give an aspect ratio or a region, not both", pointer="/aspectRatio"
                )
            return
        if self.width is None or self.height is None:
            raise InvalidParameter("crop needs a width and a height, or an aspectRatio")
        if (self.left is None) != (self.top is None):
            raise InvalidParameter("give left and top together, or neither")
        for name, offset in (("left", self.left), ("top", self.top)):
            if isinstance(offset, int) and offset < 0:
                raise InvalidParameter("must be at least 0", pointer=f"/{name}")


@attrs.frozen
class Rotate:
    """Turn clockwise by any angle in degrees; corners that open are filled with the background."""

    angle: float = attrs.field(validator=_between(-360, 360))
    background: Color = TRANSPARENT


@attrs.frozen
class Flip:
    """Mirror left to right (`horizontal`), top to bottom (`vertical`), or both."""

    horizontal: bool = False
    vertical: bool = False

    def __attrs_post_init__(self) -> None:
        if not (self.horizontal or self.vertical):
            raise InvalidParameter("flip needs horizontal, vertical or both")


@attrs.frozen
class Grayscale:
    """Drop the colour, keep the light."""


@attrs.frozen
class Blur:
    """Gaussian blur; sigma in pixels."""

    sigma: float = attrs.field(default=1.0, validator=_between(0.3, 100))


@attrs.frozen
class Sharpen:
    """Unsharp masking in LAB, by libvips' parameters; sigma in pixels."""

    sigma: float = attrs.field(default=0.5, validator=_between(0.01, 10))
    m1: float = attrs.field(default=0.0, validator=_between(0, 100))
    m2: float = attrs.field(default=3.0, validator=_between(0, 100))
    x1: float = attrs.field(default=2.0, validator=_between(0, 1000))
    y2: float = attrs.field(default=10.0, validator=_between(0, 1000))
    y3: float = attrs.field(default=20.0, validator=_between(0, 1000))


@attrs.frozen
class Watermark:
    """
    Lay a picture over the picture.

    `image` is the name of a file part of the same request or of an asset, never a path or
    a URL. `width` is the mark's width; its shape is kept. Offsets count inwards from `gravity`.
    """

    image: str
    gravity: Gravity = Gravity.SOUTHEAST
    offset_x: Length = Percent(2)
    offset_y: Length = Percent(2)
    width: Length = Percent(25)
    opacity: float = attrs.field(default=0.5, validator=_between(0, 1))

    def __attrs_post_init__(self) -> None:
        if _ASSET_NAME.fullmatch(self.image) is None or ".." in self.image:
            raise InvalidParameter(
                'must be the name of an uploaded file or an asset, such as "logo.png"',
                pointer="/image",
            )
        check_extent("width", self.width)
        for name, offset in (("offsetX", self.offset_x), ("offsetY", self.offset_y)):
            pixels = offset.value if isinstance(offset, Percent) else offset
            if not 0 <= pixels <= 16_384:
                raise InvalidParameter("must be from 0 to 16384", pointer=f"/{name}")


Operation = AutoOrient | Resize | Crop | Rotate | Flip | Grayscale | Blur | Sharpen | Watermark

OPERATION_NAMES: Final[dict[str, type[Operation]]] = {
    "autoOrient": AutoOrient,
    "crop": Crop,
    "resize": Resize,
    "rotate": Rotate,
    "flip": Flip,
    "grayscale": Grayscale,
    "blur": Blur,
    "sharpen": Sharpen,
    "watermark": Watermark,
}
"""The name of each operation in the language, in the order in which the short form runs them."""
