"""
Where the bytes of a picture mean something: parts that stand beside each other, numbers that count.

What cannot be followed is left out, so that damage may be done to what is damaged already.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

import attrs

_MOST = 400
_AVIF_CONTAINERS: Final = frozenset(
    (b"meta", b"iprp", b"ipco", b"iinf", b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts")
)
_TIFF_TYPE_BYTES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 12: 8, 13: 4, 16: 8}


@attrs.frozen
class Field:
    """A number that something depends on; *order* is that of `struct`."""

    offset: int
    width: int
    order: str


@attrs.frozen
class Anatomy:
    """Spans of the parts, each from its first byte to behind its last, and fields."""

    parts: tuple[tuple[int, int], ...] = ()
    fields: tuple[Field, ...] = ()


def anatomy(data: bytes) -> Anatomy:
    """Return what can be made out in *data*, whatever it is."""
    parts: list[tuple[int, int]] = []
    fields: list[Field] = []
    try:
        for found in _walk(data):
            (fields if isinstance(found, Field) else parts).append(found)  # type: ignore[arg-type]
            if len(parts) + len(fields) >= _MOST:
                break
    except (struct.error, IndexError, ValueError, OverflowError):
        pass  # the rest makes no sense
    within = tuple(field for field in fields if field.offset + field.width <= len(data))
    return Anatomy(tuple(parts), within)


def mended(data: bytes) -> bytes:
    """Return *data* with checksums and lengths that fit, so that more than those is looked at."""
    changed = bytearray(data)
    if data.startswith(b"\x89PNG"):
        for start, end in anatomy(data).parts:
            if end - start >= 12 and end <= len(data):
                struct.pack_into(">I", changed, end - 4, zlib.crc32(changed[start + 4 : end - 4]))
    elif data[:4] == b"RIFF" and len(data) >= 12:
        struct.pack_into("<I", changed, 4, len(data) - 8)
    return bytes(changed)


def _walk(data: bytes) -> Iterator[Field | tuple[int, int]]:
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    if data.startswith(b"\x89PNG"):
        return _png(data)
    if data.startswith(b"GIF8"):
        return _gif(data)
    if data[:4] == b"RIFF":
        return _webp(data)
    if data[:2] in (b"II", b"MM"):
        return _tiff(data)
    return _boxes(data, 0, len(data))


def _jpeg(data: bytes) -> Iterator[Field | tuple[int, int]]:
    at = 2
    while at + 4 <= len(data):
        marker, (length,) = data[at + 1], struct.unpack_from(">H", data, at + 2)
        yield Field(at + 1, 1, ">")
        yield Field(at + 2, 2, ">")
        if marker in (0xC0, 0xC1, 0xC2):  # precision, height, width, components and each of them
            yield Field(at + 4, 1, ">")
            yield Field(at + 5, 2, ">")
            yield Field(at + 7, 2, ">")
            for offset in range(at + 9, at + 2 + length):
                yield Field(offset, 1, ">")
        elif marker in (0xC4, 0xDB, 0xDD, 0xDA):
            for offset in range(at + 4, at + min(2 + length, 24)):
                yield Field(offset, 1, ">")
        end = at + 2 + length
        if marker == 0xDA:
            while end + 2 <= len(data) and (
                data[end] != 0xFF or data[end + 1] == 0 or 0xD0 <= data[end + 1] <= 0xD7
            ):
                end += 1
        yield at, end
        at = end


def _png(data: bytes) -> Iterator[Field | tuple[int, int]]:
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield Field(at, 4, ">")
        if kind == b"IHDR":
            yield Field(at + 8, 4, ">")
            yield Field(at + 12, 4, ">")
            for offset in range(at + 16, at + 21):
                yield Field(offset, 1, ">")
        elif kind in (b"fcTL", b"acTL"):
            for offset in range(at + 8, at + 8 + length, 4):
                yield Field(offset, 4, ">")
        elif kind in (b"tRNS", b"bKGD", b"sBIT", b"pHYs", b"gAMA", b"cHRM"):
            for offset in range(at + 8, at + 8 + min(length, 8)):
                yield Field(offset, 1, ">")
        yield at, at + 12 + length
        at += 12 + length


def _gif(data: bytes) -> Iterator[Field | tuple[int, int]]:
    yield Field(6, 2, "<")
    yield Field(8, 2, "<")
    yield Field(10, 1, "<")
    yield Field(11, 1, "<")
    at = 13 + _color_table_bytes(data[10])
    while at < len(data):
        start = at
        if data[at] == 0x2C:
            for offset in (1, 3, 5, 7):
                yield Field(at + offset, 2, "<")
            yield Field(at + 9, 1, "<")
            at += 10 + _color_table_bytes(data[at + 9])
            yield Field(at, 1, "<")  # bits of the first code
            at += 1
        elif data[at] == 0x21:
            yield Field(at + 1, 1, "<")
            for offset in range(at + 3, at + 7):
                yield Field(offset, 1, "<")
            at += 2
        else:
            return
        while data[at]:
            yield Field(at, 1, "<")
            at += 1 + data[at]
        at += 1
        yield start, at


def _color_table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _webp(data: bytes) -> Iterator[Field | tuple[int, int]]:
    yield Field(4, 4, "<")
    yield from _riff_chunks(data, 12, len(data))


def _riff_chunks(data: bytes, at: int, end: int) -> Iterator[Field | tuple[int, int]]:
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        yield Field(at + 4, 4, "<")
        if kind == b"VP8X":
            yield Field(at + 8, 1, "<")
            yield Field(at + 12, 2, "<")
            yield Field(at + 15, 2, "<")
        elif kind == b"ANMF":
            for offset in range(at + 8, at + 24, 3):
                yield Field(offset, 2, "<")
            yield from _riff_chunks(data, at + 24, at + 8 + length)
        elif kind in (b"VP8 ", b"VP8L", b"ALPH"):
            for offset in range(at + 8, at + 20):
                yield Field(offset, 1, "<")
        following = at + 8 + length + (length & 1)
        yield at, following
        at = following


def _tiff(data: bytes) -> Iterator[Field | tuple[int, int]]:
    order = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(order + "H", data, 2)[0] == 43
    word, count_of, width, first = ("Q", "Q", 20, 8) if big else ("I", "H", 12, 4)
    word_bytes, count_bytes = struct.calcsize(word), struct.calcsize(count_of)
    yield Field(first, word_bytes, order)
    (at,) = struct.unpack_from(order + word, data, first)
    seen: set[int] = set()
    while at and at not in seen:
        seen.add(at)
        (count,) = struct.unpack_from(order + count_of, data, at)
        yield Field(at, count_bytes, order)
        at += count_bytes
        for _ in range(min(count, 60)):
            tag, kind = struct.unpack_from(order + "HH", data, at)
            (many,) = struct.unpack_from(order + word, data, at + 4)
            value = at + 4 + word_bytes
            yield Field(at, 2, order)
            yield Field(at + 2, 2, order)
            yield Field(at + 4, word_bytes, order)
            yield Field(value, min(word_bytes, max(2, _TIFF_TYPE_BYTES.get(kind, 4))), order)
            if many * _TIFF_TYPE_BYTES.get(kind, 1) > word_bytes and tag in (
                258,
                273,
                279,
                324,
                325,
            ):
                (far,) = struct.unpack_from(order + word, data, value)
                for number in range(min(many, 8)):
                    size = _TIFF_TYPE_BYTES.get(kind, 1)
                    yield Field(far + number * size, size, order)
            yield at, at + width
            at += width
        yield Field(at, word_bytes, order)
        (at,) = struct.unpack_from(order + word, data, at)


def _boxes(data: bytes, at: int, end: int) -> Iterator[Field | tuple[int, int]]:
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8:
            return
        yield Field(at, 4, ">")
        content = at + 8
        if kind in _AVIF_CONTAINERS:
            if kind == b"meta":
                content += 4
            elif kind == b"iinf":
                yield Field(content, 2, ">")
                content += 6
            yield from _boxes(data, content, min(end, at + size))
        elif kind in (b"ispe", b"iloc", b"ipma", b"pitm", b"infe", b"iref", b"auxC", b"pixi",
                      b"av1C", b"irot", b"imir", b"clap", b"colr", b"stsz", b"stco", b"stsc",
                      b"stts", b"tkhd", b"mvhd"):  # fmt: skip
            for offset in range(content, min(at + size, content + 40)):
                yield Field(offset, 1, ">")
            for offset in range(content + 4, min(at + size, content + 16), 4):
                yield Field(offset, 4, ">")
        elif kind == b"mdat":
            for offset in range(content, content + 16):
                yield Field(offset, 1, ">")
        yield at, at + size
        at += size
