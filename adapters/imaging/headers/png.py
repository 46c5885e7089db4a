"""PNG (ISO/IEC 15948 §11.2.1): IHDR. Of an animated PNG we draw the default image alone."""

from typing import Final

from adapters.imaging.headers.window import Window
from domain.errors import UnsupportedMedia
from domain.images.formats import ImageFormat
from domain.images.image import PictureHeader

MAGIC = b"\x89PNG\r\n\x1a\n"
_DEPTHS_BY_COLOR_TYPE: Final = {
    0: (1, 2, 4, 8, 16),
    2: (8, 16),
    3: (1, 2, 4, 8),
    4: (8, 16),
    6: (8, 16),
}


def read_header(window: Window) -> PictureHeader:
    """Read IHDR, which has to come first."""
    length, kind, width, height, depth, color_type = window.unpack(">I4sIIBB", len(MAGIC))
    if (
        kind != b"IHDR"
        or length != 13
        or not (0 < width < 1 << 31 and 0 < height < 1 << 31)
        or depth not in _DEPTHS_BY_COLOR_TYPE.get(color_type, ())
    ):
        raise UnsupportedMedia("the PNG header makes no sense")
    return PictureHeader(ImageFormat.PNG, width, height, frames=1)
