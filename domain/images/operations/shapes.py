"""Operations that change the size, the outline or the place of things."""

from enum import Enum

import attrs

from domain.errors import InvalidParameter
from domain.images.operations.checks import between
from domain.images.units import (
    TRANSPARENT,
    Color,
    Length,
    check_extent,
)


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


class Interest(Enum):
    """What a cut keeps, where it is found by looking at the picture or by pointing at it."""

    ATTENTION = "attention"  # edges, skin and bright colours, as libvips finds them
    ENTROPY = "entropy"  # the busiest part
    FOCUS = "focus"  # the point of `Focus`


CutGravity = Gravity | Interest
"""What a cut keeps."""


@attrs.frozen
class Focus:
    """A point, as shares of width and height: 0 is left and top, 1 right and bottom."""

    x: float = attrs.field(validator=between(0, 1))
    y: float = attrs.field(validator=between(0, 1))


class Kernel(Enum):
    """What pixels are resampled with."""

    NEAREST = "nearest"
    LINEAR = "linear"
    CUBIC = "cubic"
    MITCHELL = "mitchell"
    LANCZOS2 = "lanczos2"
    LANCZOS3 = "lanczos3"


def _check_focus(gravity: CutGravity, focus: Focus | None) -> None:
    if (gravity is Interest.FOCUS) != (focus is not None):
        raise InvalidParameter(
            'give gravity "focus" and a focus such as {"x": 0.3, "y": 0.5} together, or neither',
            pointer="/gravity" if focus is None else "/focus",
        )


@attrs.frozen
class AutoOrient:
    """Turn the picture upright as its EXIF orientation says, and drop the tag."""


@attrs.frozen
class Resize:
    """
    Change the size; one side may be left out, the other then keeps the shape.

    Attributes:
        gravity: What `cover` keeps; where `contain` puts the picture.
        dpr: Pixels of the screen to a pixel of the page: width and height are multiplied by it.
        linear: Whether light is mixed rather than its gamma-coded numbers; much slower.
    """

    width: Length | None = None
    height: Length | None = None
    fit: Fit = Fit.INSIDE
    gravity: CutGravity = Gravity.CENTER
    focus: Focus | None = None
    background: Color = TRANSPARENT
    without_enlargement: bool = True
    without_reduction: bool = False
    dpr: float = attrs.field(default=1.0, validator=between(0.1, 5))
    kernel: Kernel = Kernel.LANCZOS3
    linear: bool = False

    def __attrs_post_init__(self) -> None:
        if self.width is None and self.height is None:
            raise InvalidParameter("resize needs a width, a height or both")
        if isinstance(self.gravity, Interest) and self.fit is not Fit.COVER:
            raise InvalidParameter('goes with fit "cover" alone', pointer="/gravity")
        _check_focus(self.gravity, self.focus)
        check_extent("width", self.width)
        check_extent("height", self.height)

    @property
    def is_usual(self) -> bool:
        """Whether it is resampled as most pictures are, and so may be while they are decoded."""
        return self.kernel is Kernel.LANCZOS3 and not self.linear


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
    gravity: CutGravity = Gravity.CENTER
    focus: Focus | None = None

    def __attrs_post_init__(self) -> None:
        check_extent("width", self.width)
        check_extent("height", self.height)
        _check_focus(self.gravity, self.focus)
        if self.left is not None and isinstance(self.gravity, Interest):
            raise InvalidParameter("goes without left and top", pointer="/gravity")
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

    angle: float = attrs.field(validator=between(-360, 360))
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
class Trim:
    """
    Cut off edges of one colour; animations are left as they are.

    Attributes:
        threshold: Difference from the background that still counts as background, 0-255.
        background: The colour to cut off; None is that of the upper left corner.
        equal_x: Cut as much off the left as off the right.
        equal_y: Likewise above and below.
    """

    threshold: float = attrs.field(default=10.0, validator=between(0, 255))
    background: Color | None = None
    equal_x: bool = False
    equal_y: bool = False


Shape = AutoOrient | Crop | Trim | Resize | Rotate | Flip
