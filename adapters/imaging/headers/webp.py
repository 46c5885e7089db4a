"""WebP (RFC 9649): VP8, VP8L and the extended container with its animation frames."""

from adapters.imaging.headers.window import EndOfFile, TooManyMoves, Window
from domain.errors import UnsupportedMedia
from domain.images.formats import ImageFormat
from domain.images.image import Coding, PictureHeader

_ANIMATION = 0x02
_ALPHA = 0x10
_EXIF = 0x08
_MOST_CHUNKS = 16  # before the picture's own: profile, alpha


def is_webp(start: bytes) -> bool:
    """Tell whether *start*, the first twelve bytes, open a WebP file."""
    return start[:4] == b"RIFF" and start[8:12] == b"WEBP"


def read_header(window: Window) -> PictureHeader:
    """Read the first chunk, which holds or heads the picture."""
    kind = window.at(12, 4)
    frames: int | None = 1
    lossless: bool | None = kind == b"VP8L"
    alpha = False
    turned: bool | None = False
    if kind == b"VP8 ":
        tag, start_code, width, height = window.unpack("<B2x3sHH", 20)
        if tag & 1 or start_code != b"\x9d\x01\x2a":  # not a key frame
            raise UnsupportedMedia("the WebP header makes no sense")
        width, height = width & 0x3FFF, height & 0x3FFF
    elif kind == b"VP8L":
        signature, bits = window.unpack("<BI", 20)
        if signature != 0x2F:
            raise UnsupportedMedia("the WebP header makes no sense")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        alpha = bool(bits >> 28 & 1)
    elif kind == b"VP8X":
        flags, sizes = window.unpack("<B3x6s", 20)
        width = int.from_bytes(sizes[:3], "little") + 1
        height = int.from_bytes(sizes[3:], "little") + 1
        alpha = bool(flags & _ALPHA)
        turned = None if flags & _EXIF else False  # it stands at the end of the file
        lossless = None if flags & _ANIMATION else _is_lossless(window)
        if flags & _ANIMATION:
            frames = _count_frames(window)
    else:
        raise UnsupportedMedia("the WebP file begins with an unknown chunk")
    if not (width and height):
        raise UnsupportedMedia("the WebP header makes no sense")
    coding = Coding(
        samples=4 if alpha else 3, bits=8, alpha=alpha, lossless=lossless, turned=turned
    )
    return PictureHeader(ImageFormat.WEBP, width, height, frames, coding)


def _is_lossless(window: Window) -> bool | None:
    """Tell how the one picture of an extended file is packed; None if it lies too far behind."""
    offset = 30
    try:
        for _ in range(_MOST_CHUNKS):
            kind, size = window.unpack("<4sI", offset)
            if kind in (b"VP8 ", b"VP8L"):
                return bool(kind == b"VP8L")
            offset += 8 + size + (size & 1)
    except (EndOfFile, TooManyMoves):
        pass
    return None


def _count_frames(window: Window) -> int | None:
    (riff_size,) = window.unpack("<I", 4)
    frames = 0
    offset = 12
    try:
        while offset + 8 <= riff_size + 8:
            kind, size = window.unpack("<4sI", offset)
            frames += kind == b"ANMF"
            offset += 8 + size + (size & 1)
    except (EndOfFile, TooManyMoves):
        return None
    return frames or None
