"""Fonts from strangers: what is drawn with them, and what they cannot do to us."""

import contextlib
import os
import random
import struct
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy
import pytest
from PIL import Image

from adapters.imaging import landlock, vips_texts
from adapters.imaging.font_copies import sealed_copy
from adapters.imaging.font_probe import SfntProbe
from adapters.imaging.vips_editor import VipsEditor
from application.ports.image_editor import EditFailed
from domain.errors import ImageRefused
from domain.images.formats import ImageFormat
from domain.images.operations import Font, Gravity, Watermark
from domain.images.output import Output
from domain.images.pipeline import MAIN, Pipeline
from domain.images.units import BLACK
from domain.tasks.task import FailureCode
from tests import pictures
from tests.fonts import box_font, sfnt, shipped_font, tables_of_a_box_font
from tests.limits import renderer_limits
from tests.unit.adapters.imaging.test_renderers import _run_python, renderer

PAPER = pictures.encoded(Image.new("L", (600, 300), "white"), "PNG")
WHERE = {"gravity": Gravity.NORTHWEST, "offset_x": 0, "offset_y": 0, "opacity": 1, "color": BLACK}
CODES = frozenset({
    FailureCode.DECODE_FAILED, FailureCode.DECODER_CRASH, FailureCode.LIMIT_CPU,
    FailureCode.LIMIT_MEMORY, FailureCode.TIMEOUT,
})  # fmt: skip
"""How a font may end a task: by a code that tells its owner something, never by `internal`."""

Box = tuple[int, int, int, int] | None


@pytest.fixture(scope="module")
def editor() -> Iterator[VipsEditor]:
    editor = VipsEditor(renderer_limits(cpu_seconds=5, wall_seconds=15))
    if not editor.hides_files:
        editor.close()
        pytest.skip("this system does not allow Landlock")
    yield editor
    editor.close()


@contextlib.contextmanager
def file_of(data: bytes) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file


def drawn(editor: VipsEditor, fonts: Mapping[str, bytes], *steps: Watermark) -> numpy.ndarray:
    """Return what is dark of a white sheet with *steps* on it."""
    with contextlib.ExitStack() as files, tempfile.TemporaryFile() as target:
        given = {name: files.enter_context(file_of(data)) for name, data in fonts.items()}
        pipeline = Pipeline(steps, Output(ImageFormat.PNG))
        editor.edit(files.enter_context(file_of(PAPER)), pipeline, given, {MAIN: target})
        target.seek(0)
        return 255 - numpy.asarray(Image.open(target).convert("L"), dtype=int)


def text(letters: str = "Az", font: str | Font = "brand.ttf", **options: object) -> Watermark:
    return Watermark(text=letters, font=font, **{**WHERE, "size": 100} | options)


def box_of(ink: numpy.ndarray) -> Box:
    rows, columns = numpy.nonzero(ink > 127)
    if not len(rows):
        return None
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def refusal(editor: VipsEditor, font: bytes) -> FailureCode:
    with pytest.raises(EditFailed) as refused:
        drawn(editor, {"brand.ttf": font}, text())
    return refused.value.failure.code


class TestDrawing:
    def test_letters_have_the_shapes_of_the_font(self, editor: VipsEditor) -> None:
        ink = drawn(editor, {"brand.ttf": box_font()}, text("AAA"))

        left, top, right, bottom = box_of(ink)
        assert (right - left, bottom - top) == (200, 70)  # 0.7 em apart, 0.6 em wide, 0.7 high
        assert numpy.array_equal(ink[10, :200] > 127, [x % 70 < 60 for x in range(200)])

    @pytest.mark.parametrize("size", [7, 33, 250])
    def test_at_every_size(self, editor: VipsEditor, size: int) -> None:
        _, top, _, bottom = box_of(drawn(editor, {"brand.ttf": box_font()}, text("A", size=size)))

        assert bottom - top == pytest.approx(size * 0.7, abs=1)

    def test_five_fonts_and_those_that_ship_stand_beside_each_other(
        self, editor: VipsEditor
    ) -> None:
        heights = (300, 400, 500, 600, 700)
        fonts = {f"{height}.ttf": box_font(height=height) for height in heights}
        steps = [
            text("A", f"{height}.ttf", offset_x=100 * place) for place, height in enumerate(heights)
        ]
        shipped = text("Hg", Font.SERIF, offset_y=150)

        ink = drawn(editor, fonts, *steps, shipped, text("Hg", Font.SANS, offset_y=150))

        for place, height in enumerate(heights):
            _, top, _, bottom = box_of(ink[:150, 100 * place : 100 * place + 90])
            assert bottom - top == height // 10
        plain = drawn(editor, {}, shipped, text("Hg", Font.SANS, offset_y=150))
        assert numpy.array_equal(ink[150:], plain[150:])

    @pytest.mark.parametrize("family", ["Noto Sans", "Own B", "Sans", "", "A, B Bold 40"])
    def test_what_a_font_calls_itself_does_not_matter(
        self, editor: VipsEditor, family: str
    ) -> None:
        ink = drawn(
            editor,
            {"brand.ttf": box_font(family=family)},
            text("A"),
            text("A", Font.SANS, offset_y=150),
        )

        assert box_of(ink[:150])[3] == 70
        assert numpy.array_equal(ink[150:], drawn(editor, {}, text("A", Font.SANS))[:150])

    def test_letters_that_it_lacks_are_those_that_ship(self, editor: VipsEditor) -> None:
        own, plain = (
            drawn(editor, fonts, text("Ω", font))
            for fonts, font in (({"brand.ttf": box_font()}, "brand.ttf"), ({}, Font.SANS))
        )

        assert own.sum() == pytest.approx(plain.sum(), rel=0.01)

    def test_real_fonts_are_drawn_as_they_are(self, editor: VipsEditor) -> None:
        own = drawn(editor, {"brand.ttf": shipped_font()}, text("Ágnes"))

        assert numpy.array_equal(own, drawn(editor, {}, text("Ágnes", Font.SANS)))

    def test_a_font_that_did_not_come_is_missing(self, editor: VipsEditor) -> None:
        with pytest.raises(EditFailed) as refused:
            drawn(editor, {}, text())

        assert refused.value.failure.code is FailureCode.ASSET_MISSING
        assert 'font "brand.ttf"' in refused.value.failure.detail

    def test_where_it_is_not_safe_it_is_not_done(self) -> None:
        editor = VipsEditor(renderer_limits())
        try:
            editor.hides_files = False
            with pytest.raises(EditFailed) as refused:
                drawn(editor, {"brand.ttf": box_font()}, text())
            assert drawn(editor, {}, text("A", Font.SANS)).any()
        finally:
            editor.close()

        assert refused.value.failure.code is FailureCode.UNSUPPORTED_CODEC


class TestBrokenFonts:
    @pytest.mark.parametrize(
        "content",
        [b"", b"no font", pictures.small_jpeg(), box_font()[:400], sfnt({"head": bytes(54)})],
    )
    def test_none_is_drawn_with_another_in_its_place(
        self, editor: VipsEditor, content: bytes
    ) -> None:
        assert refusal(editor, content) is FailureCode.DECODE_FAILED

    def test_mutated_fonts_end_in_a_picture_or_a_code(self, editor: VipsEditor) -> None:
        """What the edge would let through and what it would not, to the same libraries."""
        ends = {"let through": 0, "drawn": 0, "refused": 0}
        for font in mutated(seed=53, number=240):
            with contextlib.suppress(ImageRefused), file_of(font) as file:
                SfntProbe().inspect(file)
                ends["let through"] += 1
            try:
                drawn(editor, {"brand.ttf": font}, text("AQz fi\nä"), text("é", size=9))
                ends["drawn"] += 1
            except EditFailed as error:
                assert error.failure.code in CODES, error
                ends["refused"] += 1
        assert min(ends.values()) > 20, ends
        assert drawn(editor, {}, text("A", Font.SANS)).any()

    def test_programs_without_an_end_are_stopped(self, editor: VipsEditor) -> None:
        """A glyph whose instructions jump back to where they were."""
        tables = tables_of_a_box_font()
        forever = bytes.fromhex("b8 ff fd 1c")  # PUSHW[-3], JMPR: back onto the PUSHW
        glyph = tables["glyf"][: len(tables["glyf"]) // 2]
        looping = glyph[:12] + struct.pack(">H", len(forever)) + forever + glyph[14:]
        looping += bytes(-len(looping) % 4)
        font = sfnt({
            **tables,
            "glyf": looping * 2,
            "loca": struct.pack(">LLL", 0, len(looping), 2 * len(looping)),
            "fpgm": forever,
            "prep": forever,
        })  # fmt: skip
        started = time.monotonic()
        ink = drawn(editor, {"brand.ttf": font}, text())

        assert time.monotonic() - started < 5
        assert not ink.any()  # a letter whose program fails has no shape


class TestWalls:
    def test_who_met_a_strangers_font_draws_nothing_else(self, editor: VipsEditor) -> None:
        pids = set()
        for _ in range(2):
            drawn(editor, {"brand.ttf": box_font()}, text())
            drawn(editor, {}, text("A", Font.SANS))
            pids.add(renderer().pid)

        assert len(pids) == 2

    def test_fonts_of_ours_are_names_that_the_configuration_gives(self) -> None:
        rules = Path(vips_texts.__file__).with_name("fonts.conf").read_text()

        assert len(vips_texts._OWN_FAMILIES) == Pipeline.MAX_FONTS
        for slot, family in vips_texts._OWN_FAMILIES.items():
            start = rules.index(f"<string>/proc/self/fd/{slot}</string>")
            assert f"<string>{family}</string>" in rules[start : start + 200]

    def test_nobody_changes_a_font_while_it_is_read(self) -> None:
        with file_of(box_font()) as font, sealed_copy(font) as copy:
            copy.seek(0)
            assert copy.read() == box_font()
            for attempt in (
                lambda: os.ftruncate(copy.fileno(), 10),
                lambda: os.ftruncate(copy.fileno(), 10_000_000),
                lambda: os.pwrite(copy.fileno(), b"x", 0),
            ):
                with pytest.raises(PermissionError):
                    attempt()

    def test_until_the_door_is_shut_fonts_can_be_read_and_nothing_else(self) -> None:
        tried = _run_python(
            """
            import ctypes, os, sys, socket, threading
            from adapters.imaging import sandbox, vips_texts
            from tests.limits import renderer_limits

            if not sandbox.hides_files():
                sys.exit()
            os.environ["FONTCONFIG_FILE"] = "/dev/null"
            fonts = vips_texts.files_of_fonts()
            memory = os.memfd_create("font")
            os.write(memory, b"letters")
            secret = os.open("/etc/passwd", os.O_RDONLY)
            parent = os.getpid()
            pid = os.fork()
            if pid:
                sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            missing = sandbox.lock_down(renderer_limits(), parent, still_readable=fonts)
            mine = f"/proc/self/fd/{memory}"
            forbidden = {
                "read a file": lambda: open("/etc/passwd"),
                "read one that it holds anew": lambda: open(f"/proc/self/fd/{secret}"),
                "read a directory": lambda: os.listdir("/etc"),
                "read ours": lambda: open(sandbox.__file__),
                "read the parent": lambda: open(f"/proc/{parent}/environ"),
                "borrow from the parent": lambda: open(f"/proc/{parent}/fd/{memory}"),
                "read a device": lambda: open("/dev/zero"),
                "write a font": lambda: open(fonts[0], "r+b"),
                "empty a font": lambda: os.open(fonts[0], os.O_RDONLY | os.O_TRUNC),
                "write memory": lambda: open(mine, "r+b"),
                "make a file": lambda: open("/tmp/left-by-a-renderer", "w"),
                "make a file to read": lambda: os.open("/tmp/left", os.O_RDONLY | os.O_CREAT),
                "make a nameless file": lambda: os.open("/tmp", os.O_TMPFILE | os.O_RDWR),
                "socket": lambda: socket.socket(),
                "fork": os.fork,
                "remove a file": lambda: os.unlink("/tmp/left-by-a-renderer"),
                "memory file": lambda: os.memfd_create("x"),
            }
            def try_all(names):
                for name in names:
                    try:
                        forbidden[name]()
                        print("could", name)
                    except OSError:
                        pass
            try_all(forbidden)
            thread = threading.Thread(target=try_all, args=[forbidden])
            thread.start()
            thread.join()
            print(open(mine).read(), len(open(fonts[0], "rb").read()) > 1000, missing)
            sandbox.shut_the_door()
            for name in (mine, fonts[0]):
                try:
                    open(name)
                    print("could still")
                except OSError:
                    print("shut")
            """
        )

        assert tried.splitlines() in (["letters True []", "shut", "shut"], [])

    def test_a_wall_that_cannot_be_built_is_no_wall(self) -> None:
        class Kernel:
            """One without Landlock."""

            def syscall(self, *_: object) -> int:
                return -1

        assert landlock.version(Kernel()) == 0
        with pytest.raises(landlock.LandlockUnavailable):
            landlock.open_only(Kernel(), [])


def mutated(*, seed: int, number: int) -> Iterator[bytes]:
    """Yield fonts with something wrong in a table, in its length, or anywhere at all."""
    chance = random.Random(seed)
    whole = shipped_font()
    for turn in range(number):
        if turn % 4 == 0:
            yield _sprinkled(chance, whole, range(12, len(whole)), chance.choice((1, 30, 3000)))
        elif turn % 4 == 1:
            yield _sprinkled(chance, box_font(), range(12, len(box_font())), chance.randint(1, 20))
        elif turn % 4 == 2:
            tables = tables_of_a_box_font()
            tag = chance.choice(list(tables))
            data = bytearray(tables[tag])
            for _ in range(chance.randint(1, 6)):
                at = chance.randrange(len(data) - 1)
                data[at : at + 2] = chance.choice(
                    (b"\xff\xff", b"\x7f\xff", b"\x80\0", b"\0\0", b"\0\1")
                )
            yield sfnt({**tables, tag: bytes(data)})
        else:
            # One table of a real font, spoiled where its structure is told.
            count = struct.unpack_from(">H", whole, 4)[0]
            _, _, place, length = struct.unpack_from(
                ">4sLLL", whole, 12 + 16 * chance.randrange(count)
            )
            yield _sprinkled(
                chance, whole, range(place, place + min(length, 200)), chance.randint(1, 10)
            )


def _sprinkled(chance: random.Random, font: bytes, where: Sequence[int], times: int) -> bytes:
    spoiled = bytearray(font)
    for _ in range(times):
        spoiled[chance.choice(where)] = chance.choice(
            (0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256))
        )
    return bytes(spoiled)
