"""
TrueType and OpenType fonts (ISO/IEC 14496-22): a table of tables.

What is read here tells fonts from what is none, and whole ones from broken ones. It does not make
one safe: programs, outlines and shaping rules are left to those who are shut in.
"""

from typing import Final

from adapters.imaging.headers.window import Window
from domain.errors import FontRefused

MAGICS: Final = (b"\0\1\0\0", b"OTTO")
KNOWN_OTHERS: Final = {
    b"ttcf": "a collection of fonts",
    b"wOFF": "a compressed web font",
    b"wOF2": "a compressed web font",
    b"true": "a font in Apple's own format",
    b"typ1": "a font in Apple's own format",
}

_MOST_TABLES: Final = 64
_HEAD_BYTES: Final = 12
_ENTRY_BYTES: Final = 16
_NEEDED: Final = {"cmap": 4, "head": 54, "hhea": 36, "hmtx": 4, "maxp": 6}
"""Tables that every font has, and the least bytes of each."""

_OUTLINES: Final = (("glyf", "loca"), ("CFF ",), ("CFF2",))
_HEAD_MAGIC: Final = 0x5F0F3CF5
_UNITS_PER_EM: Final = range(16, 16384 + 1)

_Tables = dict[str, tuple[int, int]]


def check(window: Window, byte_size: int) -> None:
    """
    Refuse a font of *byte_size* bytes whose tables are not there, or do not fit each other.

    Raises:
        FontRefused: It could not be drawn with.
        EndOfFile, TooManyMoves: It ends early, or is scattered.
    """
    tables = _tables(window, byte_size)
    for tag, least in _NEEDED.items():
        if tag not in tables:
            raise FontRefused(f"the font has no table {tag!r}")
        if tables[tag][1] < least:
            raise FontRefused(f"the font's table {tag!r} is too short")
    if not any(all(tag in tables for tag in tags) for tags in _OUTLINES):
        raise FontRefused("the font has no outlines; fonts of pictures alone are not drawn with")
    _check_sizes(window, tables)


def _tables(window: Window, byte_size: int) -> _Tables:
    """Return place and length of each table."""
    (count,) = window.unpack(">H", 4)
    if not 1 <= count <= _MOST_TABLES:
        raise FontRefused(f"a font has 1 to {_MOST_TABLES} tables, not {count}")
    first = _HEAD_BYTES + count * _ENTRY_BYTES
    tables: _Tables = {}
    for number in range(count):
        tag, _, place, length = window.unpack(">4sLLL", _HEAD_BYTES + number * _ENTRY_BYTES)
        name = tag.decode("latin-1")
        if name in tables:
            raise FontRefused(f"the font has two tables {name!r}")
        if place < first or place + length > byte_size:
            raise FontRefused(f"the font's table {name!r} lies outside the file")
        tables[name] = place, length
    return tables


def _check_sizes(window: Window, tables: _Tables) -> None:
    head, hhea = tables["head"][0], tables["hhea"][0]
    magic, units = window.unpack(">L2xH", head + 12)
    (long_places,) = window.unpack(">h", head + 50)
    if magic != _HEAD_MAGIC or units not in _UNITS_PER_EM or long_places not in (0, 1):
        raise FontRefused("the font's table 'head' says what cannot be")
    (glyphs,) = window.unpack(">H", tables["maxp"][0] + 4)
    (measured,) = window.unpack(">H", hhea + 34)
    if not glyphs or not 1 <= measured <= glyphs or tables["hmtx"][1] < 4 * measured:
        raise FontRefused("the font does not say how wide its letters are")
    if "loca" in tables and tables["loca"][1] < (glyphs + 1) * (4 if long_places else 2):
        raise FontRefused("the font does not say where its letters are")
