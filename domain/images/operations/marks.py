"""Operations that lay something over the picture."""

import re

import attrs

from domain.errors import InvalidParameter
from domain.images.operations.checks import between
from domain.images.operations.shapes import Gravity
from domain.images.units import Length, Percent, check_extent, check_offset

_ASSET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}", re.ASCII)


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
    opacity: float = attrs.field(default=0.5, validator=between(0, 1))

    def __attrs_post_init__(self) -> None:
        if _ASSET_NAME.fullmatch(self.image) is None or ".." in self.image:
            raise InvalidParameter(
                'must be the name of an uploaded file or an asset, such as "logo.png"',
                pointer="/image",
            )
        check_extent("width", self.width)
        check_offset("offsetX", self.offset_x)
        check_offset("offsetY", self.offset_y)
