"""GIF (89a specification §17 to §26): the logical screen, and the frames while they are near."""

from adapters.imaging.headers.window import EndOfFile, TooManyMoves, Window
from domain.errors import UnsupportedMedia
from domain.images.formats import ImageFormat
from domain.images.image import Coding, PictureHeader

MAGICS = (b"GIF87a", b"GIF89a")
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_BLOCKS = (_EXTENSION, _IMAGE, _TRAILER)


def read_header(window: Window) -> PictureHeader:
    """Read the logical screen descriptor and walk the blocks behind it."""
    width, height, flags = window.unpack("<HHB", 6)
    first = 13 + _color_table_bytes(flags)
    if not (width and height) or window.at(first, 1)[0] not in _BLOCKS:
        raise UnsupportedMedia("the GIF header makes no sense")
    coding = Coding(samples=4, bits=8, alpha=True, turned=False)  # as decoded
    return PictureHeader(ImageFormat.GIF, width, height, _count_frames(window, first), coding)


def _count_frames(window: Window, offset: int) -> int | None:
    frames = 0
    try:
        while True:
            block = window.at(offset, 1)[0]
            if block == _IMAGE:
                frames += 1
                flags = window.at(offset + 9, 1)[0]
                offset = _after_sub_blocks(window, offset + 11 + _color_table_bytes(flags))
            elif block == _EXTENSION:
                offset = _after_sub_blocks(window, offset + 2)
            else:
                return frames or None
    except (EndOfFile, TooManyMoves):
        return None


def _after_sub_blocks(window: Window, offset: int) -> int:
    while size := window.at(offset, 1)[0]:
        offset += 1 + size
    return offset + 1


def _color_table_bytes(flags: int) -> int:
    return int(3 << (flags & 7) + 1) if flags & 0x80 else 0
