"""PNG (ISO/IEC 15948 §11.2.1): IHDR. Of an animated PNG we draw the default image alone."""

from typing import Final

from adapters.imaging.headers.exif import is_turned
from adapters.imaging.headers.window import EndOfFile, TooManyMoves, Window
from domain.errors import UnsupportedMedia
from domain.images.formats import ImageFormat
from domain.images.image import Coding, PictureHeader

MAGIC = b"\x89PNG\r\n\x1a\n"
_DEPTHS_BY_COLOR_TYPE: Final = {
    0: (1, 2, 4, 8, 16),
    2: (8, 16),
    3: (1, 2, 4, 8),
    4: (8, 16),
    6: (8, 16),
}
_SAMPLES_BY_COLOR_TYPE: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PALETTE: Final = 3
_CHUNK_BYTES: Final = 12  # beside its content
_MOST_CHUNKS: Final = 64  # before the pixels
_WITH_ALPHA: Final = (4, 6)


def read_header(window: Window) -> PictureHeader:
    """Read IHDR, which has to come first."""
    length, kind, width, height, depth, color_type, interlace = window.unpack(
        ">I4sIIBB2xB", len(MAGIC)
    )
    if (
        kind != b"IHDR"
        or length != 13
        or not (0 < width < 1 << 31 and 0 < height < 1 << 31)
        or depth not in _DEPTHS_BY_COLOR_TYPE.get(color_type, ())
    ):
        raise UnsupportedMedia("the PNG header makes no sense")
    return PictureHeader(
        ImageFormat.PNG,
        width,
        height,
        frames=1,
        coding=Coding(
            in_passes=interlace != 0,
            # A palette is looked up while decoding, and may hold transparency.
            samples=4 if color_type == _PALETTE else _SAMPLES_BY_COLOR_TYPE[color_type],
            bits=max(depth, 8),
            alpha=True if color_type in _WITH_ALPHA else None,
            turned=_is_turned(window),
        ),
    )


def _is_turned(window: Window) -> bool | None:
    """Look for EXIF before the pixels, where alone it is heeded."""
    offset = len(MAGIC) + _CHUNK_BYTES + 13
    try:
        for _ in range(_MOST_CHUNKS):
            length, kind = window.unpack(">I4s", offset)
            if kind == b"eXIf":
                return is_turned(window, offset + 8)
            if kind in (b"IDAT", b"IEND"):
                return False
            offset += _CHUNK_BYTES + length
    except (EndOfFile, TooManyMoves):
        pass
    return None
