"""EXIF (CIPA DC-008 §4.6): whether a picture has to be turned to stand upright."""

from typing import Final

from adapters.imaging.headers.window import EndOfFile, TooManyMoves, Window

ORIENTATION: Final = 274
UNTURNED: Final = (1, 2)
"""Upright, and mirrored, which is drawn line by line as well."""

_ORDERS: Final = {b"II*\0": "<", b"MM\0*": ">"}
_SHORT: Final = 3
_MOST_ENTRIES: Final = 256


def is_turned(window: Window, start: int) -> bool | None:
    """Read the first directory of the EXIF block at *start*; None if it makes no sense."""
    try:
        order = _ORDERS.get(window.at(start, 4))
        if order is None:
            return None
        (offset,) = window.unpack(order + "I", start + 4)
        (count,) = window.unpack(order + "H", start + offset)
        if count > _MOST_ENTRIES:
            return None
        for index in range(count):
            entry = start + offset + 2 + 12 * index
            tag, kind = window.unpack(order + "HH", entry)
            if tag == ORIENTATION and kind == _SHORT:
                (value,) = window.unpack(order + "H", entry + 8)
                return value not in UNTURNED
    except (EndOfFile, TooManyMoves):
        return None
    return False
