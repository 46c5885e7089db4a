"""TIFF 6.0 §2 and BigTIFF: the first directory, and how many follow while they can be counted."""

from typing import Final

import attrs

from adapters.imaging.headers.window import EndOfFile, TooManyMoves, Window
from domain.errors import UnsupportedMedia
from domain.images.formats import ImageFormat
from domain.images.image import PictureHeader

_WIDTH, _HEIGHT = 256, 257
_INTEGER_TYPES: Final = {1: "B", 3: "H", 4: "I", 16: "Q"}  # BYTE, SHORT, LONG, LONG8


@attrs.frozen
class _Layout:
    """How a flavour of TIFF writes its directories."""

    order: str
    first: int  # where the offset of the first directory stands
    offset: str
    count: str
    entry_bytes: int
    value: int  # where a short value stands within an entry


_LAYOUTS: Final = {
    b"II*\0": _Layout("<", 4, "I", "H", 12, 8),
    b"MM\0*": _Layout(">", 4, "I", "H", 12, 8),
    b"II+\0": _Layout("<", 8, "Q", "Q", 20, 12),
    b"MM\0+": _Layout(">", 8, "Q", "Q", 20, 12),
}
MAGICS = tuple(_LAYOUTS)


def read_header(window: Window) -> PictureHeader:
    """Read the size from the first directory and follow the chain of directories."""
    layout = _LAYOUTS[window.at(0, 4)]
    (offset,) = window.unpack(layout.order + layout.offset, layout.first)
    sides = _sides(window, layout, offset)
    width, height = sides.get(_WIDTH, 0), sides.get(_HEIGHT, 0)
    if not (width and height):
        raise UnsupportedMedia("the TIFF file has no picture header")
    return PictureHeader(ImageFormat.TIFF, width, height, _count_pages(window, layout, offset))


def _sides(window: Window, layout: _Layout, directory: int) -> dict[int, int]:
    (count,) = window.unpack(layout.order + layout.count, directory)
    start = directory + _width_of(layout.count)
    sides: dict[int, int] = {}
    for index in range(min(count, 4096)):
        entry = start + index * layout.entry_bytes
        tag, kind = window.unpack(layout.order + "HH", entry)
        if tag in (_WIDTH, _HEIGHT) and kind in _INTEGER_TYPES:
            (sides[tag],) = window.unpack(layout.order + _INTEGER_TYPES[kind], entry + layout.value)
        if tag > _HEIGHT:  # entries are sorted by tag
            break
    return sides


def _count_pages(window: Window, layout: _Layout, directory: int) -> int | None:
    seen: set[int] = set()
    try:
        while directory:
            if directory in seen:  # a loop; the decoder has its own way with those
                return None
            seen.add(directory)
            (count,) = window.unpack(layout.order + layout.count, directory)
            end = directory + _width_of(layout.count) + count * layout.entry_bytes
            (directory,) = window.unpack(layout.order + layout.offset, end)
    except (EndOfFile, TooManyMoves):
        return None
    return len(seen)


def _width_of(kind: str) -> int:
    return {"H": 2, "I": 4, "Q": 8}[kind]
