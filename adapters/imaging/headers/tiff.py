"""TIFF 6.0 §2 and BigTIFF: the first directory, and how many follow while they can be counted."""

import contextlib
import struct
from typing import Final

import attrs

from adapters.imaging.headers.exif import ORIENTATION, UNTURNED
from adapters.imaging.headers.window import EndOfFile, TooManyMoves, Window
from domain.errors import UnsupportedMedia
from domain.images.formats import ImageFormat
from domain.images.image import Coding, PictureHeader

_WIDTH, _HEIGHT, _BITS, _SAMPLES, _STRIP_ROWS, _TILE_ROWS = 256, 257, 258, 277, 278, 323
_READ: Final = (_WIDTH, _HEIGHT, _BITS, ORIENTATION, _SAMPLES, _STRIP_ROWS, _TILE_ROWS)
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
    tags = _tags(window, layout, offset)
    width, height = tags.get(_WIDTH, 0), tags.get(_HEIGHT, 0)
    if not (width and height):
        raise UnsupportedMedia("the TIFF file has no picture header")
    coding = Coding(
        samples=tags.get(_SAMPLES, 1),
        bits=tags.get(_BITS, 1),
        # Without a word about them, the whole picture is one strip (TIFF 6.0, RowsPerStrip).
        rows_at_once=min(height, max(1, tags.get(_TILE_ROWS, tags.get(_STRIP_ROWS, height)))),
        turned=tags.get(ORIENTATION, 1) not in UNTURNED,
    )
    return PictureHeader(
        ImageFormat.TIFF, width, height, _count_pages(window, layout, offset), coding
    )


def _tags(window: Window, layout: _Layout, directory: int) -> dict[int, int]:
    """Return what the directory says of size and samples; of several values, the first."""
    (count,) = window.unpack(layout.order + layout.count, directory)
    start = directory + _width_of(layout.count)
    tags: dict[int, int] = {}
    for index in range(min(count, 4096)):
        entry = start + index * layout.entry_bytes
        tag, kind, values = window.unpack(layout.order + "HH" + layout.offset, entry)
        if tag in _READ and kind in _INTEGER_TYPES:
            at, form = entry + layout.value, _INTEGER_TYPES[kind]
            if values * struct.calcsize(layout.order + form) > struct.calcsize("=" + layout.offset):
                (at,) = window.unpack(layout.order + layout.offset, at)
            with contextlib.suppress(EndOfFile):  # what only says how much is no reason to refuse
                (tags[tag],) = window.unpack(layout.order + form, at)
        if tag > _READ[-1]:  # entries are sorted by tag
            break
    return tags


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
