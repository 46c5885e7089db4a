"""The contract of `FontProbe`."""

import io
import random
import struct
from collections.abc import Callable

import pytest

from adapters.imaging.font_probe import SfntProbe
from application.ports.font_probe import FontProbe
from domain.errors import FontRefused, ImageRefused, UnsupportedMedia
from tests import pictures
from tests.fonts import box_font, sfnt, shipped_font, tables_of_a_box_font

Tables = dict[str, bytes]


@pytest.fixture(params=[SfntProbe], ids=["sfnt"])
def probe(request: pytest.FixtureRequest) -> FontProbe:
    made: FontProbe = request.param()
    return made


@pytest.mark.parametrize("content", [box_font(), shipped_font()], ids=["boxes", "noto"])
def test_fonts_are_fonts(probe: FontProbe, content: bytes) -> None:
    assert probe.recognizes(io.BytesIO(content))
    probe.inspect(io.BytesIO(content))


def test_postscript_outlines_are_outlines(probe: FontProbe) -> None:
    tables = tables_of_a_box_font()
    del tables["glyf"], tables["loca"]

    probe.inspect(io.BytesIO(sfnt({**tables, "CFF ": b"\1\0\4\1"}, magic=b"OTTO")))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\1\0",
        pictures.small_jpeg(),
        b"%!PS-AdobeFont-1.0",
        b"<svg/>",
        b"PK\3\4" + bytes(99),
    ],
)
def test_what_is_no_font_is_not_taken_for_one(probe: FontProbe, content: bytes) -> None:
    assert not probe.recognizes(io.BytesIO(content))
    with pytest.raises(UnsupportedMedia):
        probe.inspect(io.BytesIO(content))


@pytest.mark.parametrize("start", [b"ttcf", b"wOFF", b"wOF2", b"true", b"typ1"])
def test_fonts_of_other_kinds_are_known_and_refused(probe: FontProbe, start: bytes) -> None:
    content = start + box_font()[4:]

    assert probe.recognizes(io.BytesIO(content))
    with pytest.raises(UnsupportedMedia):
        probe.inspect(io.BytesIO(content))


def _patched(tag: str, offset: int, data: bytes) -> Callable[[Tables], Tables]:
    def patch(tables: Tables) -> Tables:
        old = tables[tag]
        return {**tables, tag: old[:offset] + data + old[offset + len(data) :]}

    return patch


def _without(*tags: str) -> Callable[[Tables], Tables]:
    return lambda tables: {tag: data for tag, data in tables.items() if tag not in tags}


@pytest.mark.parametrize(
    "spoil",
    [
        *(_without(tag) for tag in ("cmap", "head", "hhea", "hmtx", "maxp", "glyf", "loca")),
        lambda tables: {**tables, "head": tables["head"][:20]},
        lambda tables: {**tables, "loca": tables["loca"][:8]},
        lambda tables: {**tables, **{f"x{number:03}": b"" for number in range(64)}},
        _patched("head", 12, bytes(4)),
        _patched("head", 18, b"\0\1"),
        _patched("head", 50, b"\0\7"),
        _patched("maxp", 4, b"\0\0"),
        _patched("maxp", 4, b"\xff\xff"),
        _patched("hhea", 34, b"\0\0"),
        _patched("hhea", 34, b"\0\xff"),
    ],
)  # fmt: skip
def test_tables_have_to_be_there_and_fit_each_other(
    probe: FontProbe, spoil: Callable[[Tables], Tables]
) -> None:
    with pytest.raises(FontRefused):
        probe.inspect(io.BytesIO(sfnt(spoil(tables_of_a_box_font()))))


def test_tables_lie_within_the_file_and_are_there_once(probe: FontProbe) -> None:
    font = box_font()
    outside = struct.pack(">LL", len(font) - 4, 8)
    for spoiled in (
        font[:20] + outside + font[28:],
        font[:20] + struct.pack(">LL", 4, 8) + font[28:],
        font[:20] + struct.pack(">LL", 0xFFFFFFFF, 0xFFFFFFFF) + font[28:],
        font[:12] + font[28:44] + font[28:],
        b"\0\1\0\0\0\0" + font[6:],
    ):
        with pytest.raises(FontRefused):
            probe.inspect(io.BytesIO(spoiled))


def test_every_cut_of_a_font_is_refused(probe: FontProbe) -> None:
    font = box_font()
    for length in range(len(font) - 8):
        with pytest.raises(ImageRefused):
            probe.inspect(io.BytesIO(font[:length]))


def test_whatever_the_bytes_are_they_are_taken_or_refused(probe: FontProbe) -> None:
    chance = random.Random(52)
    font = bytearray(box_font())
    taken = 0
    for _ in range(2_000):
        spoiled = bytearray(font)
        for _ in range(chance.randint(1, 8)):
            spoiled[chance.randrange(4, 400)] = chance.randrange(256)
        try:
            probe.inspect(io.BytesIO(bytes(spoiled)))
            taken += 1
        except ImageRefused:
            pass
    assert 0 < taken < 2_000
