"""JPEG (ITU-T T.81 annex B): the first frame header, however many segments stand before it."""

from adapters.imaging.headers.exif import is_turned
from adapters.imaging.headers.window import EndOfFile, TooManyMoves, Window
from domain.errors import UnsupportedCodec, UnsupportedMedia
from domain.images.formats import ImageFormat
from domain.images.image import Coding, PictureHeader

MAGIC = b"\xff\xd8\xff"
_PROGRESSIVE = 0xC2
_SCAN = 0xDA
_EXIF_MARKER, _EXIF = 0xE1, b"Exif\0\0"
_MOST_SAMPLING = 4  # times, in either direction; T.81 allows no more
_BASELINE_TO_PROGRESSIVE = range(0xC0, 0xC3)
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # DHT, JPG and DAC are none
_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))
_LONGEST_GARBAGE = 4096
_MOST_SEGMENTS = 64  # between a frame header and its first scan


def read_header(window: Window) -> PictureHeader:
    """Walk from segment to segment up to the frame header."""
    offset = 2
    garbage = 0
    turned: bool | None = False
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
            return _frame(window, marker, offset + 4, turned=turned)
        elif marker in (_SCAN, 0xD9):
            raise UnsupportedMedia("the JPEG file has no picture header")
        elif marker in _WITHOUT_LENGTH:
            offset += 2
        else:
            (length,) = window.unpack(">H", offset + 2)
            if marker == _EXIF_MARKER and window.at(offset + 4, 6) == _EXIF:
                turned = is_turned(window, offset + 10)
            offset += 2 + max(2, length)


def _frame(window: Window, marker: int, offset: int, *, turned: bool | None) -> PictureHeader:
    precision, height, width, components = window.unpack(">BHHB", offset)
    if marker not in _BASELINE_TO_PROGRESSIVE:
        raise UnsupportedCodec("lossless, hierarchical and arithmetic JPEG are not supported")
    if precision != 8:
        raise UnsupportedCodec(f"JPEG with {precision} bits a sample is not supported")
    if not (width and height) or components not in (1, 3, 4):
        raise UnsupportedMedia("the JPEG picture header makes no sense")
    return PictureHeader(
        ImageFormat.JPEG,
        width,
        height,
        frames=1,
        coding=Coding(
            in_passes=marker == _PROGRESSIVE or _has_several_scans(window, offset, components),
            samples=_samples(window, offset, components),
            bits=precision,
            alpha=False,
            turned=turned,
        ),
    )


def _samples(window: Window, offset: int, components: int) -> float | None:
    """Return how many samples a pixel has, those of coarsely kept components in part."""
    factors = []
    try:
        for number in range(components):
            sampling = window.at(offset + 7 + 3 * number, 1)[0]
            factors.append((sampling >> 4, sampling & 15))
    except EndOfFile:
        return None
    if not all(1 <= side <= _MOST_SAMPLING for factor in factors for side in factor):
        return None
    finest = max(across for across, _ in factors) * max(down for _, down in factors)
    return sum(across * down for across, down in factors) / finest


def _has_several_scans(window: Window, offset: int, components: int) -> bool | None:
    """Tell whether the first scan leaves components to others; then all have to be held."""
    offset += 6 + 3 * components
    try:
        for _ in range(_MOST_SEGMENTS):
            lead, marker, length = window.unpack(">BBH", offset)
            if lead != 0xFF:
                return None
            if marker == _SCAN:
                return bool(window.at(offset + 4, 1)[0] < components)
            offset += 2 + length
    except (EndOfFile, TooManyMoves):
        pass
    return None
