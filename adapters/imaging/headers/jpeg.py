"""JPEG (ITU-T T.81 annex B): the first frame header, however many segments stand before it."""

from adapters.imaging.headers.window import Window
from domain.errors import UnsupportedCodec, UnsupportedMedia
from domain.images.formats import ImageFormat
from domain.images.image import PictureHeader

MAGIC = b"\xff\xd8\xff"
_BASELINE_TO_PROGRESSIVE = range(0xC0, 0xC3)
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # DHT, JPG and DAC are none
_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))
_LONGEST_GARBAGE = 4096


def read_header(window: Window) -> PictureHeader:
    """Walk from segment to segment up to the frame header."""
    offset = 2
    garbage = 0
    while True:
        lead, marker = window.at(offset, 2)
        if lead != 0xFF:  # decoders skip stray bytes between segments, within reason
            garbage += 1
            if garbage > _LONGEST_GARBAGE:
                raise UnsupportedMedia("the JPEG file has no picture header")
            offset += 1
        elif marker == 0xFF:
            offset += 1
        elif marker in _FRAME_HEADERS:
            return _frame(window, marker, offset + 4)
        elif marker in (0xDA, 0xD9):
            raise UnsupportedMedia("the JPEG file has no picture header")
        elif marker in _WITHOUT_LENGTH:
            offset += 2
        else:
            (length,) = window.unpack(">H", offset + 2)
            offset += 2 + max(2, length)


def _frame(window: Window, marker: int, offset: int) -> PictureHeader:
    precision, height, width, components = window.unpack(">BHHB", offset)
    if marker not in _BASELINE_TO_PROGRESSIVE:
        raise UnsupportedCodec("lossless, hierarchical and arithmetic JPEG are not supported")
    if precision != 8:
        raise UnsupportedCodec(f"JPEG with {precision} bits a sample is not supported")
    if not (width and height) or components not in (1, 3, 4):
        raise UnsupportedMedia("the JPEG picture header makes no sense")
    return PictureHeader(ImageFormat.JPEG, width, height, frames=1)
