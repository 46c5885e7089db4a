"""Parts of a picture that an operation keeps to."""

from enum import Enum

import attrs

from domain.errors import InvalidParameter
from domain.images.operations.checks import camel_case
from domain.images.units import Length, check_extent, check_offset

MAX_REGIONS = 50


class Outline(Enum):
    """What of its rectangle a region fills."""

    RECT = "rect"
    ELLIPSE = "ellipse"


@attrs.frozen
class Region:
    """
    A part of the picture as it is at this point of the pipeline.

    What juts out is left out; a region of which nothing is left is refused when it is drawn.
    """

    left: Length
    top: Length
    width: Length
    height: Length
    shape: Outline = Outline.RECT

    def __attrs_post_init__(self) -> None:
        check_offset("left", self.left)
        check_offset("top", self.top)
        check_extent("width", self.width)
        check_extent("height", self.height)


Regions = tuple[Region, ...]


def few(_: object, attribute: "attrs.Attribute[Regions]", value: Regions) -> None:
    """Refuse more regions than anybody draws by hand."""
    if len(value) > MAX_REGIONS:
        raise InvalidParameter(
            f"at most {MAX_REGIONS} regions", pointer=f"/{camel_case(attribute.name)}"
        )


def some(_: object, attribute: "attrs.Attribute[Regions]", value: Regions) -> None:
    """Refuse none at all."""
    if not value:
        raise InvalidParameter("needs a region", pointer=f"/{camel_case(attribute.name)}")
