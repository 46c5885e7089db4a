"""Fonts made here: every letter of theirs is a box, which no other font draws."""

import struct
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

UNITS_PER_EM: Final = 1000
_CHECKSUM_MAGIC: Final = 0xB1B0AFBA
_FIRST, _LAST = ord("A"), ord("z")


def box_font(*, family: str = "Boxes", height: int = 700) -> bytes:
    """
    Return a TrueType font whose letters from A to z are boxes, 600 wide of 700 and *height* high.

    The figures are in units of which 1000 are as much as the size of the font.
    """
    return sfnt(tables_of_a_box_font(family=family, height=height))


def tables_of_a_box_font(*, family: str = "Boxes", height: int = 700) -> dict[str, bytes]:
    """Return the tables of `box_font`, to be spoiled one by one."""
    box = _box(50, 0, 650, height)
    return {
        "OS/2": struct.pack(
            ">HhHHHhhhhhhhhhhh10s4L4sHHHhhhHH",
            *(3, 700, 400, 5, 0, 650, 700, 0, 140, 650, 700, 0, 480, 50, 300, 0),
            bytes(10),
            *(1, 0, 0, 0),
            b"NONE",
            *(64, _FIRST, _LAST, 800, -200, 0, 800, 200),
        ),
        "cmap": _cmap(),
        "glyf": box + box,
        "head": struct.pack(
            ">HHLLLHHqqhhhhHHhhh",
            *(1, 0, 0x10000, 0, 0x5F0F3CF5, 3, UNITS_PER_EM, 0, 0, 0, 0, 650, height, 0, 8, 2),
            *(1, 0),
        ),
        "hhea": struct.pack(">HHhhhHhhhhhh8xhH", 1, 0, 800, -200, 0, 700, 0, 0, 650, 1, 0, 0, 0, 2),
        "hmtx": struct.pack(">HhHh", 700, 50, 700, 50),
        "loca": struct.pack(">LLL", 0, len(box), 2 * len(box)),
        "maxp": struct.pack(">LHHHHHHHHHHHHHH", 0x10000, 2, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
        "name": _name(family),
        "post": struct.pack(">LLhhLLLLL", 0x30000, 0, -100, 50, 0, 0, 0, 0, 0),
    }


def sfnt(tables: Mapping[str, bytes], *, magic: bytes = b"\0\1\0\0") -> bytes:
    """Return a font file of *tables*."""
    place = 12 + 16 * len(tables)
    power = max(0, len(tables).bit_length() - 1)
    directory, body = b"", b""
    for tag, data in sorted(tables.items()):
        padded = data + bytes(-len(data) % 4)
        directory += struct.pack(">4sLLL", tag.encode(), _sum(padded), place + len(body), len(data))
        body += padded
    search = 16 << power
    head = struct.pack(
        ">4sHHHH", magic, len(tables), search, power, max(0, 16 * len(tables) - search)
    )
    return head + directory + body


def broken_outlines() -> bytes:
    """Return a font that looks whole from outside: what is in its outlines is nonsense."""
    tables = tables_of_a_box_font()
    del tables["glyf"], tables["loca"]
    return sfnt({**tables, "CFF ": b"\1\0\4\1"}, magic=b"OTTO")


def shipped_font() -> bytes:
    """Return a font that people use, with all that such ones have: Noto Sans, variable."""
    return (files("fontpkg_noto_sans") / "files" / "NotoSans[wdth,wght].ttf").read_bytes()


def _sum(data: bytes) -> int:
    return sum(struct.unpack(f">{len(data) // 4}L", data)) & 0xFFFFFFFF


def _box(left: int, bottom: int, right: int, top: int) -> bytes:
    outline = struct.pack(">hhhhh", 1, left, bottom, right, top) + struct.pack(">HH", 3, 0)
    flags = bytes([1, 1, 1, 1])
    across = struct.pack(">hhhh", left, 0, right - left, 0)
    up = struct.pack(">hhhh", bottom, top - bottom, 0, bottom - top)
    data = outline + flags + across + up
    return data + bytes(-len(data) % 4)


def _cmap() -> bytes:
    letters = range(_FIRST, _LAST + 1)
    glyphs = struct.pack(f">{len(letters)}H", *(1 for _ in letters))
    segments = struct.pack(">HH2x" + "HHhhHH", _LAST, 0xFFFF, _FIRST, 0xFFFF, 0, 1, 4, 0)
    body = struct.pack(">HHHH", 4, 4, 1, 0) + segments + glyphs
    subtable = struct.pack(">HHH", 4, 6 + len(body), 0) + body
    return struct.pack(">HHHHL", 0, 1, 3, 1, 12) + subtable


def _name(family: str) -> bytes:
    words = {1: family, 2: "Regular", 4: family, 6: family.replace(" ", "")}
    records, strings = b"", b""
    for number, text in words.items():
        data = text.encode("utf-16-be")
        records += struct.pack(">HHHHHH", 3, 1, 0x409, number, len(data), len(strings))
        strings += data
    return struct.pack(">HHH", 0, len(words), 6 + len(records)) + records + strings
