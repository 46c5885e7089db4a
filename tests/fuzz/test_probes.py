"""
Headers are read by the process that holds the secrets: nothing in a file may make it stumble.

On files of a disk, since a disk refuses to look where memory does not mind.
"""

import struct
import tempfile
import time
from collections.abc import Callable
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.imaging.header_probe import HeaderProbe
from domain.errors import ImageRefused
from domain.images.image import PictureHeader
from tests.bad_pictures import box, chunk, riff
from tests.fuzz.campaign import PROBE_SECONDS, sample

SEED, FILES = 99, 3_000
EDGES = [0, 1, 2, 7, 8, 0x7FFF, 0xFFFF, 1 << 31, (1 << 32) - 1]

numbers = st.sampled_from(EDGES) | st.integers(0, (1 << 32) - 1)
far = numbers | st.sampled_from([1 << 40, 1 << 44, 1 << 62, (1 << 63) - 1, (1 << 64) - 1])
tails = st.binary(max_size=60)


class CountedReads:
    """A file that counts how often it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.reads = 0

    def seek(self, *place: int) -> int:
        return self._file.seek(*place)

    def read(self, size: int) -> bytes:
        assert 0 < size <= 64 * 1024
        self.reads += 1
        return self._file.read(size)


def read(data: bytes) -> PictureHeader | None:
    """Return the header of *data*, or None if it is refused; anything else is what is looked for."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        counted = CountedReads(file)
        started = time.process_time()
        try:
            header = HeaderProbe().inspect(counted)  # type: ignore[arg-type]
        except ImageRefused:
            header = None
        finally:
            assert counted.reads <= 513  # the first look, and the moves that are allowed
            assert time.process_time() - started < PROBE_SECONDS
    if header is not None:
        assert header.width > 0 and header.height > 0
        assert header.frames is None or header.frames > 0
    return header


def test_damaged_headers_are_read_or_refused() -> None:
    found = [read(sample(SEED, number).data) for number in range(FILES)]

    assert FILES / 10 < len([header for header in found if header]) < FILES


@settings(max_examples=400, deadline=None)
@given(
    order=st.sampled_from("<>"),
    big=st.booleans(),
    first=far,
    entries=st.lists(
        st.tuples(st.sampled_from([254, 256, 257, 330]), numbers, far, far), max_size=4
    ),
    count=st.none() | far,
    following=far,
    tail=tails,
)
def test_tiffs(order, big, first, entries, count, following, tail) -> None:
    """Directories and offsets of every size, within and beyond what there is."""
    word, counted = ("Q", "Q") if big else ("I", "H")
    fits: Callable[[str, int], bytes] = lambda form, value: struct.pack(
        order + form, value & (1 << 8 * struct.calcsize(order + form)) - 1
    )
    magic = (b"II" if order == "<" else b"MM") + fits("H", 43 if big else 42)
    head = magic + (fits("H", 8) + fits("H", 0) if big else b"")
    at = len(head) + struct.calcsize(order + word)
    start = fits(word, first if first % 3 == 0 else at)
    directory = fits(counted, len(entries) if count is None else count)
    for tag, kind, many, value in entries:
        directory += fits("H", tag) + fits("H", kind % 20) + fits(word, many) + fits(word, value)

    read(head + start + directory + fits(word, following) + tail)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"meta", b"iprp", b"ipco", b"ispe", b"av1C", b"free", b"moov"]),
            st.none() | numbers,
            far,
        ),
        max_size=12,
    ),
    tails,
)
def test_avifs(boxes, tail) -> None:
    """Boxes in any order, some in each other, with lengths that are true or anything."""
    content = tail
    for kind, told, long in reversed(boxes):
        inner = bytes(4) + content if kind == b"meta" else content
        if told is None:
            content = box(kind, inner)
        elif told == 1:
            content = struct.pack(">I4sQ", 1, kind, long) + inner
        else:
            content = struct.pack(">I4s", told, kind) + inner
    read(box(b"ftyp", b"avif\0\0\0\0avifmif1") + content)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"VP8X", b"VP8 ", b"VP8L", b"ANMF", b"ANIM", b"junk"]),
            st.binary(max_size=30),
            st.none() | numbers,
        ),
        max_size=8,
    ),
    st.none() | numbers,
)
def test_webps(chunks, told) -> None:
    content = b"WEBP"
    for kind, inner, length in chunks:
        content += (
            riff(kind, inner) if length is None else struct.pack("<4sI", kind, length) + inner
        )
    whole = riff(b"RIFF", content)
    read(whole if told is None else whole[:4] + struct.pack("<I", told) + whole[8:])


@settings(max_examples=300, deadline=None)
@given(numbers, numbers, st.integers(0, 255), st.integers(0, 255), numbers, tails)
def test_pngs(width, height, depth, colour, length, tail) -> None:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    whole = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    read(whole + tail)
    read(whole[:8] + struct.pack(">I", length) + whole[12:] + tail)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 255), st.integers(0, 65_535), st.binary(max_size=20))),
    tails,
)
def test_jpegs(segments, tail) -> None:
    segments = [struct.pack(">BBH", 0xFF, kind, length) + inner for kind, length, inner in segments]
    read(b"\xff\xd8\xff" + b"".join(segments)[1:] + tail)


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=7, max_size=7), st.lists(st.binary(max_size=12)), tails)
def test_gifs(screen, blocks, tail) -> None:
    pieces = [bytes((b"\x21\x2c\x3b"[number % 3],)) + one for number, one in enumerate(blocks)]
    read(b"GIF89a" + screen + b"".join(pieces) + tail)


@pytest.mark.parametrize("offset", [1 << 44, 1 << 50, (1 << 62) - 1, (1 << 63) - 1, (1 << 64) - 1])
def test_a_tiff_that_points_beyond_any_disk_is_refused(offset: int) -> None:
    """File systems refuse to look there; that once was a fault of ours."""
    first = b"II+\0" + struct.pack("<HHQ", 8, 0, offset)
    entries = struct.pack("<HHQQ", 256, 4, 1, 60) + struct.pack("<HHQQ", 257, 4, 1, 40)
    following = b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, 2) + entries + struct.pack("<Q", offset)

    header = read(following)

    assert read(first) is None
    assert header is not None and (header.width, header.frames) == (60, None)
