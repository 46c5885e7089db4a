"""Operations that add to the edges of the picture, or take from its corners."""

from enum import Enum

import attrs

from domain.errors import InvalidParameter
from domain.images.units import BLACK, TRANSPARENT, Color, Length, check_offset


class Extend(Enum):
    """What a pad shows around the picture."""

    BACKGROUND = "background"
    COPY = "copy"  # the outermost pixels, drawn out
    REPEAT = "repeat"
    MIRROR = "mirror"
    BLUR = "blur"  # the picture itself, stretched and out of focus


@attrs.frozen
class Pad:
    """Grow the canvas by `all`, or by a length of its own on each side."""

    all: Length | None = None
    top: Length | None = None
    right: Length | None = None
    bottom: Length | None = None
    left: Length | None = None
    background: Color = TRANSPARENT
    extend_with: Extend = Extend.BACKGROUND

    def __attrs_post_init__(self) -> None:
        sides = {name: getattr(self, name) for name in ("all", "top", "right", "bottom", "left")}
        if all(length is None for length in sides.values()):
            raise InvalidParameter("pad needs all, top, right, bottom or left")
        for name, length in sides.items():
            if length is not None:
                check_offset(name, length)


@attrs.frozen
class Border:
    """Draw a frame around the picture; the canvas grows by it. Shares are of the shorter side."""

    width: Length
    color: Color = BLACK

    def __attrs_post_init__(self) -> None:
        check_offset("width", self.width)


class Most(Enum):
    """As much as goes."""

    MAX = "max"


Radius = Length | Most
"""Pixels, a share of the shorter side, or half of it."""


@attrs.frozen
class RoundCorners:
    """Make the corners transparent beyond a quarter circle."""

    radius: Radius = Most.MAX

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.radius, Most):
            check_offset("radius", self.radius)


Framing = Pad | Border | RoundCorners
