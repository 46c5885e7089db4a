"""Renderers die, hang and grow; their editor does not."""

import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

import psutil
import pytest
from PIL import Image

from adapters.imaging import renderer_process, vips_editor
from adapters.imaging.vips_editor import UnsafeRenderer, VipsEditor
from application.ports.image_editor import Drawn, EditFailed, EditorUnavailable
from application.ports.object_store import StorageFull, StorageUnavailable
from domain.images.formats import ImageFormat
from domain.images.operations import (
    AutoOrient,
    Blur,
    Fit,
    Font,
    Operation,
    Resize,
    Watermark,
    Watermark,
)
from domain.images.output import Output
from domain.images.pipeline import MAIN, Pipeline
from domain.images.upload_policy import UploadPolicy
from domain.tasks.task import FailureCode
from tests import pictures
from tests.bad_pictures import png_of_41_bytes
from tests.limits import renderer_limits

ROOT = Path(__file__).parents[4]
MIB = 1024 * 1024
BOUNDLESS = UploadPolicy(
    max_side_px=10**7, max_frame_pixels=10**10, max_total_pixels=10**10, max_frames=10**6
)
# Seconds of work for any machine: time to interfere.
LONG_WORK = (Resize(9000, 9000, Fit.FILL, without_enlargement=False), Blur(30))

PAGE_BYTES = resource.getpagesize()
SMALL_DISK_BYTES = 300 * 1024

MakeEditor = Callable[..., VipsEditor]


@pytest.fixture
def make_editor() -> Iterator[MakeEditor]:
    editors: list[VipsEditor] = []

    def make(renderers: int = 1, **limits: object) -> VipsEditor:
        editors.append(VipsEditor(renderer_limits(**limits), renderers=renderers))
        return editors[-1]

    yield make
    for editor in editors:
        editor.close()


@pytest.fixture(scope="class")
def editor() -> Iterator[VipsEditor]:
    editor = VipsEditor(renderer_limits())
    yield editor
    editor.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a directory on a disk of its own, with little room."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_BYTES}", "tmpfs", str(tmp_path)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        not_possible(f"no disk could be mounted: {done.stderr.strip()}")
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def edit(editor: VipsEditor, data: bytes, *operations: Operation, format: str = "jpeg") -> Drawn:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(data)
        source.seek(0)
        pipeline = Pipeline(operations, Output(ImageFormat(format)))
        return editor.edit(source, pipeline, {}, {MAIN: target}).main


def draw(editor: VipsEditor, data: bytes, target: BinaryIO, format: ImageFormat) -> None:
    with file_of(data) as source:
        editor.edit(source, Pipeline((Blur(0.3),), Output(format, 95)), {}, {MAIN: target})


def file_of(data: bytes) -> BinaryIO:
    file = tempfile.TemporaryFile()
    file.write(data)
    file.seek(0)
    return file


def noise() -> bytes:
    """Return a picture whose result is larger than the small disk, whatever its format."""
    pixels = Image.frombytes("RGB", (900, 900), random.Random(1).randbytes(900 * 900 * 3))
    return pictures.encoded(pixels, "PNG", compress_level=1)


def unreadable() -> BinaryIO:
    """Open a file that answers EIO: our own memory, at the address where never anything is."""
    return open("/proc/self/mem", "r+b", buffering=0)


@contextlib.contextmanager
def half_readable(data: bytes) -> Iterator[BinaryIO]:
    """
    Open a file that gives *data*, whole pages of it, and answers EIO behind them.

    It is the memory of a process that holds *data* at address zero, which only root can do.
    """
    script = """
        import ctypes, mmap, sys
        data = sys.stdin.buffer.read()
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
        if libc.mmap(None, len(data), 3, 0x32, -1, 0) is not None:  # private, anonymous, fixed
            sys.exit(1)
        with open("/proc/self/mem", "r+b", buffering=0) as memory:
            memory.write(data)
        print("ready", flush=True)
        sys.stdin.buffer.read()
        __import__("signal").pause()
        """
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        holder.stdin.write(data)
        holder.stdin.close()
        if holder.stdout.readline() != b"ready\n":
            not_possible("only root can hold memory at address zero")
        with open(f"/proc/{holder.pid}/mem", "rb", buffering=0) as memory:
            yield memory
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def not_possible(reason: str) -> NoReturn:
    """Skip, but not where everything was promised to run."""
    if os.environ.get("CI") == "true" and os.geteuid() == 0:
        pytest.fail(f"must not be skipped here: {reason}")
    pytest.skip(reason)


@contextlib.contextmanager
def descriptors_allowed(number: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < number:
        not_possible(f"no more than {hard} files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def failure(*args: object, **options: object) -> FailureCode:
    with pytest.raises(EditFailed) as caught:
        edit(*args, **options)
    return caught.value.failure.code


def zygote() -> psutil.Process:
    (found,) = [
        child
        for child in psutil.Process().children()
        if "adapters.imaging.renderer" in child.cmdline()
    ]
    return found


def renderer(*, busy: bool = False) -> psutil.Process:
    """Return the one renderer, or the one that has begun to work."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for child in zygote().children():
            if not busy or child.cpu_times().user > 0.15:
                return child
        time.sleep(0.01)
    raise AssertionError("no renderer began to work")


class Background(threading.Thread):
    """An edit that takes a while, and what became of it."""

    def __init__(self, editor: VipsEditor, *operations: Operation) -> None:
        super().__init__(daemon=True)
        self.outcome: Drawn | Exception | None = None
        self._call = lambda: edit(editor, pictures.small_jpeg(), *operations)
        self.start()

    def run(self) -> None:
        try:
            self.outcome = self._call()
        except Exception as error:
            self.outcome = error

    def end(self) -> Drawn | Exception | None:
        self.join(40)
        return self.outcome


def _is_readable_by_all(path: Path) -> bool:
    return all(step.stat().st_mode & 0o005 == 0o005 for step in path.parents)


class TestReuse:
    def test_a_renderer_draws_many_tasks(self, make_editor: MakeEditor) -> None:
        editor = make_editor()
        edit(editor, pictures.small_jpeg(), Resize(20))
        first = renderer().pid

        for _ in range(5):
            edit(editor, pictures.small_jpeg(), Resize(20))

        assert renderer().pid == first

    def test_it_is_replaced_after_its_share(self, make_editor: MakeEditor) -> None:
        editor = make_editor(tasks_per_renderer=2)

        edit(editor, pictures.small_jpeg(), Resize(20))
        assert len(zygote().children()) == 1
        edit(editor, pictures.small_jpeg(), Resize(20))

        assert zygote().children() == []

    def test_strict_isolation_leaves_no_renderer_behind(self, make_editor: MakeEditor) -> None:
        editor = make_editor(tasks_per_renderer=1)

        edit(editor, pictures.small_jpeg(), Resize(20))

        assert zygote().children() == []

    def test_one_that_has_grown_is_replaced(self, make_editor: MakeEditor) -> None:
        editor = make_editor(recycle_resident_bytes=1)

        edit(editor, pictures.small_jpeg(), Resize(20))

        assert zygote().children() == []

    def test_one_that_gave_its_memory_back_is_kept(self, make_editor: MakeEditor) -> None:
        editor = make_editor()
        edit(editor, pictures.small_jpeg(), Resize(20))
        before = renderer().pid

        edit(editor, pictures.progressive_12mp(), Resize(20))

        assert renderer().pid == before

    def test_what_they_can_do_is_proved_at_the_start(self, make_editor: MakeEditor) -> None:
        abilities = make_editor().abilities

        assert abilities.reads == abilities.writes == tuple(ImageFormat)
        assert abilities.fonts == tuple(Font)
        assert abilities.libvips.startswith("8.")

    def test_renderers_work_side_by_side(self, make_editor: MakeEditor) -> None:
        editor = make_editor(renderers=3)

        edits = [Background(editor, Resize(400), Blur(20)) for _ in range(12)]

        assert [type(edit.end()) for edit in edits] == [Drawn] * 12
        assert 1 <= len(zygote().children()) <= 3

    def test_memory_does_not_grow_from_task_to_task(self, make_editor: MakeEditor) -> None:
        editor = make_editor(tasks_per_renderer=10_000)
        formats = ["jpeg", "webp", "png", "gif"]
        for round_ in range(20):
            edit(editor, pictures.small_jpeg(), Resize(300), format=formats[round_ % 4])
        before = renderer().memory_info().rss

        for round_ in range(80):
            edit(editor, pictures.small_jpeg(), Resize(300), format=formats[round_ % 4])

        assert renderer().memory_info().rss < 1.1 * before + 4 * MIB
        assert len(os.listdir(f"/proc/{renderer().pid}/fd")) < 12


class TestDeaths:
    @pytest.mark.parametrize("way", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL])
    def test_a_crash_of_the_decoder_is_the_tasks_failure(self, make_editor, way: int) -> None:
        editor = make_editor()
        work = Background(editor, *LONG_WORK)

        renderer(busy=True).send_signal(way)

        outcome = work.end()
        assert isinstance(outcome, EditFailed)
        assert outcome.failure.code is FailureCode.DECODER_CRASH
        assert edit(editor, pictures.small_jpeg(), Resize(20)).width == 20

    def test_a_renderer_killed_from_outside_is_replaced_and_the_task_drawn(
        self, make_editor
    ) -> None:
        editor = make_editor()
        work = Background(editor, Resize(3500, 3500, without_enlargement=False), Blur(30))

        renderer(busy=True).kill()

        outcome = work.end()
        assert isinstance(outcome, Drawn)
        assert outcome.width == 3500

    def test_a_task_whose_renderers_are_killed_twice_fails(self, make_editor: MakeEditor) -> None:
        editor = make_editor()
        work = Background(editor, *LONG_WORK)

        first = renderer(busy=True)
        first.kill()
        first.wait(5)
        renderer(busy=True).kill()

        outcome = work.end()
        assert isinstance(outcome, EditFailed)
        assert outcome.failure.code is FailureCode.DECODER_CRASH

    def test_a_renderer_that_died_idle_is_not_missed(self, make_editor: MakeEditor) -> None:
        editor = make_editor()
        for way in (signal.SIGKILL, signal.SIGSEGV):
            edit(editor, pictures.small_jpeg(), Resize(20))
            idle = renderer()
            idle.send_signal(way)
            time.sleep(0.05)

            assert edit(editor, pictures.small_jpeg(), Resize(20)).width == 20
            assert renderer().pid != idle.pid

    def test_others_go_on_while_one_dies(self, make_editor: MakeEditor) -> None:
        editor = make_editor(renderers=2)
        doomed = Background(editor, *LONG_WORK)
        victim = renderer(busy=True)
        others = [Background(editor, Resize(400), Blur(20)) for _ in range(4)]

        victim.send_signal(signal.SIGSEGV)

        assert isinstance(doomed.end(), EditFailed)
        assert [type(other.end()) for other in others] == [Drawn] * 4

    def test_a_dead_zygote_is_started_again(self, make_editor: MakeEditor) -> None:
        editor = make_editor()
        edit(editor, pictures.small_jpeg(), Resize(20))
        dead, orphan = zygote(), renderer()

        dead.kill()
        time.sleep(0.05)

        assert edit(editor, pictures.small_jpeg(), Resize(20)).width == 20
        assert zygote().pid != dead.pid
        assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE

    def test_a_zygote_killed_in_the_middle_does_not_lose_the_task(self, make_editor) -> None:
        editor = make_editor()
        work = Background(editor, Resize(3500, 3500, without_enlargement=False), Blur(30))
        renderer(busy=True)

        zygote().kill()

        assert isinstance(work.end(), Drawn)

    def test_a_signal_to_the_group_is_the_workers_business(self, make_editor: MakeEditor) -> None:
        editor = make_editor()
        edit(editor, pictures.small_jpeg(), Resize(20))
        before = renderer()

        for process in (zygote(), before):
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGINT)

        assert edit(editor, pictures.small_jpeg(), Resize(20)).width == 20
        assert renderer().pid == before.pid

    def test_a_closed_editor_leaves_nothing_and_says_so(self, make_editor: MakeEditor) -> None:
        editor = make_editor()
        edit(editor, pictures.small_jpeg(), Resize(20))
        left = [zygote(), renderer()]

        editor.close()

        with pytest.raises(EditorUnavailable):
            edit(editor, pictures.small_jpeg(), Resize(20))
        assert psutil.wait_procs(left, timeout=5)[1] == []


class TestLimits:
    def test_a_hanging_decoder_is_killed_by_the_wall_clock(self, make_editor: MakeEditor) -> None:
        editor = make_editor(wall_seconds=1)
        edit(editor, pictures.small_jpeg(), Resize(20))
        hung = renderer()
        hung.suspend()
        started = time.monotonic()

        code = failure(editor, pictures.small_jpeg(), Resize(20))

        assert code is FailureCode.TIMEOUT
        assert 0.9 < time.monotonic() - started < 3
        assert not hung.is_running()
        assert edit(editor, pictures.small_jpeg(), Resize(20)).width == 20

    def test_processor_time_is_limited_by_the_task_not_by_the_renderer(self, make_editor) -> None:
        editor = make_editor(cpu_seconds=1)
        spent_before = 0.0
        while spent_before < 2:
            edit(editor, pictures.small_jpeg(), Resize(1500, without_enlargement=False), Blur(30))
            spent_before = sum(renderer().cpu_times()[:2])

        code = failure(editor, pictures.small_jpeg(), *LONG_WORK)

        assert code is FailureCode.LIMIT_CPU

    def test_a_memory_bomb_ends_its_renderer_alone(self, make_editor: MakeEditor) -> None:
        editor = make_editor(memory_bytes=512 * MIB, policy=BOUNDLESS)
        before = psutil.Process().memory_info().rss

        code = failure(editor, png_of_41_bytes(), AutoOrient(), Resize(100, 100))

        assert code is FailureCode.LIMIT_MEMORY
        assert psutil.Process().memory_info().rss - before < 50 * MIB
        assert edit(editor, pictures.small_jpeg(), Resize(20)).width == 20

    def test_a_result_of_too_many_bytes_is_told(self, make_editor: MakeEditor) -> None:
        editor = make_editor(output_bytes=20_000)
        for format in ("jpeg", "png", "tiff", "webp"):
            code = failure(editor, pictures.photo(), Resize(700), format=format)
            assert code is FailureCode.OUTPUT_TOO_LARGE

    def test_the_policy_is_asked_again(self, make_editor: MakeEditor) -> None:
        policy = UploadPolicy(max_side_px=100, max_frames=3)
        editor = make_editor(policy=policy)

        assert failure(editor, pictures.photo()) is FailureCode.IMAGE_TOO_LARGE
        assert failure(editor, pictures.animated_gif(4, (60, 40))) is FailureCode.TOO_MANY_FRAMES


class TestStorage:
    """A disk that fails is not the picture's fault: the task has to come back."""

    @pytest.mark.parametrize("format", list(ImageFormat), ids=lambda format: format.value)
    def test_a_disk_that_fills_up_is_told_apart_from_a_bad_picture(
        self, editor, small_disk: Path, format: ImageFormat
    ) -> None:
        with (small_disk / "result").open("w+b", buffering=0) as target:
            with pytest.raises(StorageFull):
                draw(editor, noise(), target, format)
            left = os.fstat(target.fileno()).st_size
        (small_disk / "result").unlink()

        assert left <= SMALL_DISK_BYTES
        assert edit(editor, pictures.small_jpeg(), Resize(20)).width == 20

    @pytest.mark.parametrize("format", list(ImageFormat), ids=lambda format: format.value)
    def test_a_full_disk_is_told(self, editor: VipsEditor, format: ImageFormat) -> None:
        with open("/dev/full", "r+b", buffering=0) as target, pytest.raises(StorageFull):
            draw(editor, pictures.small_jpeg(), target, format)

    def test_a_disk_that_keeps_nothing_is_told(self, editor: VipsEditor) -> None:
        with unreadable() as target, pytest.raises(StorageUnavailable, match="Input/output"):
            draw(editor, pictures.small_jpeg(), target, ImageFormat.JPEG)

    def test_a_source_that_cannot_be_read_is_told(self, editor: VipsEditor) -> None:
        with (
            unreadable() as source,
            tempfile.TemporaryFile() as target,
            pytest.raises(StorageUnavailable, match="Input/output"),
        ):
            editor.edit(source, Pipeline((Resize(20),)), {}, {MAIN: target})

    def test_an_asset_that_cannot_be_read_is_told(self, editor: VipsEditor) -> None:
        pipeline = Pipeline((Watermark("a.png"),))
        with (
            file_of(pictures.small_jpeg()) as source,
            unreadable() as asset,
            tempfile.TemporaryFile() as target,
            pytest.raises(StorageUnavailable, match="Input/output"),
        ):
            editor.edit(source, pipeline, {"a.png": asset}, {MAIN: target})

    @pytest.mark.parametrize("name", ["jpeg", "png", "webp", "gif", "tiff", "avif"])
    def test_a_source_that_breaks_off_in_the_middle_is_told(
        self, editor: VipsEditor, name: str
    ) -> None:
        data = pictures.all_formats()[name]
        readable = len(data) // 2 // PAGE_BYTES * PAGE_BYTES
        assert readable

        with (
            half_readable(data[:readable]) as source,
            tempfile.TemporaryFile() as target,
            pytest.raises(StorageUnavailable, match="Input/output"),
        ):
            editor.edit(source, Pipeline((Blur(1),)), {}, {MAIN: target})

    def test_a_damaged_picture_stays_damaged(self, editor: VipsEditor) -> None:
        data = pictures.photo()

        code = failure(editor, data[: len(data) // 2], Blur(1))

        assert code in (FailureCode.TRUNCATED, FailureCode.DECODE_FAILED)

    def test_a_disk_that_fails_the_editor_itself_is_told(self, editor: VipsEditor) -> None:
        with file_of(pictures.small_jpeg()) as source, tempfile.NamedTemporaryFile() as named:
            # A renderer can write to it; to read from it fails.
            one_way = os.open(named.name, os.O_WRONLY)
            with os.fdopen(one_way, "rb", buffering=0) as target, pytest.raises(StorageUnavailable):
                editor.edit(source, Pipeline((Resize(20),)), {}, {MAIN: target})


class TestStart:
    def test_a_libvips_with_known_holes_is_refused(self, make_editor, monkeypatch) -> None:
        found = tuple(map(int, make_editor().libvips.split(".")))
        too_old = (found[0], found[1], found[2] + 1)
        monkeypatch.setattr(vips_editor, "LOWEST_LIBVIPS", too_old)

        with pytest.raises(UnsafeRenderer, match="has known holes; at least"):
            make_editor()

    def test_one_that_opens_what_it_must_refuse_is_not_used(
        self, make_editor, monkeypatch, tmp_path: Path
    ) -> None:
        """As it would be with a build that does not know how to block its loaders."""
        (tmp_path / "sitecustomize.py").write_text(
            "import pyvips\npyvips.operation_block_set = lambda *_: None\n"
        )
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setattr(renderer_process, "_environment", without("VIPS_BLOCK_UNTRUSTED"))

        with pytest.raises(UnsafeRenderer, match="although it was told to refuse"):
            make_editor()


def without(name: str) -> Callable[[], dict[str, str]]:
    really = renderer_process._environment
    return lambda: {one: text for one, text in really().items() if one != name}


class TestSeats:
    def test_it_works_among_thousands_of_open_descriptors(self, make_editor: MakeEditor) -> None:
        with descriptors_allowed(4096), contextlib.ExitStack() as stack:
            for _ in range(1100):
                stack.enter_context(open(os.devnull, "rb", buffering=0))
            editor = make_editor()

            widths = [edit(editor, pictures.small_jpeg(), Resize(20)).width for _ in range(3)]
            editor.close()

        assert widths == [20] * 3

    def test_a_call_that_fails_before_it_begins_gives_its_seat_back(self, make_editor) -> None:
        editor = make_editor(wall_seconds=1)
        edit(editor, pictures.small_jpeg(), Resize(20))
        closed = tempfile.TemporaryFile()
        closed.close()

        for _ in range(2):
            with pytest.raises(ValueError, match="closed file"):
                editor.edit(closed, Pipeline((Resize(20),)), {}, {MAIN: closed})

        assert edit(editor, pictures.small_jpeg(), Resize(20)).width == 20
        assert len(zygote().children()) == 1

    def test_want_of_descriptors_passes(self, make_editor: MakeEditor) -> None:
        editor = make_editor(wall_seconds=1, tasks_per_renderer=1)
        with file_of(pictures.small_jpeg()) as source, tempfile.TemporaryFile() as target:
            for _ in range(2):
                with descriptors_allowed(target.fileno() + 1), pytest.raises(EditorUnavailable):
                    editor.edit(source, Pipeline((Resize(20),)), {}, {MAIN: target})

        assert edit(editor, pictures.small_jpeg(), Resize(20)).width == 20


class TestWalls:
    def test_secrets_of_the_worker_do_not_reach_a_renderer(self, make_editor, monkeypatch) -> None:
        monkeypatch.setenv("SAFELIGHT_SECRET_KEY", "do-not-tell")
        with tempfile.TemporaryFile() as inherited:
            os.set_inheritable(inherited.fileno(), True)
            editor = make_editor()
            edit(editor, pictures.small_jpeg(), Resize(20))

        for process in (zygote(), renderer()):
            environment = process.environ()
            assert "do-not-tell" not in str(environment)
            assert environment.keys() <= {
                "VIPS_BLOCK_UNTRUSTED", "VIPS_CONCURRENCY", "MALLOC_ARENA_MAX", "PYTHONPATH",
                "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "FONTCONFIG_FILE",
                "VIPS_DISC_THRESHOLD",
                "LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME", "TMPDIR", "LC_CTYPE",
            }  # fmt: skip
        held = [os.readlink(entry) for entry in Path(f"/proc/{renderer().pid}/fd").iterdir()]
        assert [file for file in held if file != "/dev/null" and file.startswith("/")] == []

    def test_fonts_are_opened_only_for_letters(self, make_editor: MakeEditor) -> None:
        editor = make_editor()
        edit(editor, pictures.small_jpeg(), Resize(20))
        first = renderer().pid
        edit(editor, pictures.small_jpeg(), Watermark(text="Ada"))
        second = renderer().pid
        edit(editor, pictures.small_jpeg(), Resize(20))

        assert first != second == renderer().pid

    def test_the_kernel_confirms_the_walls(self, make_editor: MakeEditor) -> None:
        edit(make_editor(), pictures.small_jpeg(), Watermark(text="Ada"))
        pid = renderer().pid

        status = dict(
            line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        )
        limits = Path(f"/proc/{pid}/limits").read_text()

        assert status["NoNewPrivs"] == "1"
        assert status["Seccomp"] == "2"
        threads = list(Path(f"/proc/{pid}/task").glob("*/status"))
        assert len(threads) > 1  # one matches fonts, and is older than the walls
        for thread in threads:
            assert "Seccomp:\t2" in thread.read_text()
            assert "NoNewPrivs:\t1" in thread.read_text()
        assert f"Max address space         {1536 * MIB}" in limits
        assert f"Max file size             {64 * MIB}" in limits
        assert "Max core file size        0" in limits
        assert "Max open files            64" in limits
        assert "(deleted)" in os.readlink(f"/proc/{pid}/cwd")
        assert os.getpgid(pid) == os.getpgid(0)

    def test_a_shut_in_process_can_do_nothing_but_compute(self) -> None:
        tried = _run_python(
            """
            import os, sys
            from adapters.imaging import sandbox
            from tests.limits import renderer_limits
            import ctypes, mmap, socket, subprocess, threading

            parent = os.getpid()
            pid = os.fork()
            if pid:
                sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

            missing = sandbox.lock_down(renderer_limits(), parent)
            libc = ctypes.CDLL(None, use_errno=True)
            def call(name, *arguments):
                if getattr(libc, name)(*arguments) < 0:
                    raise OSError(ctypes.get_errno(), name)
            forbidden = {
                "socket": lambda: socket.socket(),
                "unix socket": lambda: socket.socket(socket.AF_UNIX),
                "socketpair": lambda: socket.socketpair(),
                "fork": os.fork,
                "spawn": lambda: subprocess.Popen(["/bin/true"]),
                "exec": lambda: os.execv("/bin/true", ["true"]),
                "read a file": lambda: open("/etc/passwd"),
                "read the parent's secrets": lambda: open(f"/proc/{parent}/environ"),
                "write a file": lambda: open("/tmp/left-by-a-renderer", "w"),
                "remove a file": lambda: os.unlink("/tmp/left-by-a-renderer"),
                "make a directory": lambda: os.mkdir("/tmp/left-by-a-renderer"),
                "rename": lambda: os.rename("/tmp/a", "/tmp/b"),
                "link": lambda: os.symlink("/etc/passwd", "/tmp/left-by-a-renderer"),
                "memory file": lambda: os.memfd_create("x"),
                "kill": lambda: os.kill(parent, 15),
                "watch": lambda: os.pidfd_open(parent),
                "trace": lambda: call("ptrace", 16, parent, 0, 0),
                "look into": lambda: call("process_vm_readv", parent, 0, 0, 0, 0, 0),
                "leave the group": os.setsid,
                "outlive the parent": lambda: call("prctl", 1, 0, 0, 0, 0),
                "name space": lambda: call("unshare", 0x10000000),
                "mount": lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, 0),
                "limit another": lambda: __import__("resource").prlimit(parent, 7),
                "a gibibyte": lambda: mmap.mmap(-1, 4 << 30),
            }
            for name, attempt in forbidden.items():
                try:
                    attempt()
                    print("could", name)
                except (OSError, MemoryError):
                    pass
            thread = threading.Thread(target=lambda: print("thread ran"))
            thread.start()
            thread.join()
            print("missing", missing)
            """
        )

        assert tried.splitlines() == ["thread ran", "missing []"]

    def test_all_end_with_the_worker(self) -> None:
        worker = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(
                """
                import tempfile, time
                from tests.unit.adapters.imaging.test_renderers import *
                editor = VipsEditor(renderer_limits())
                edit(editor, pictures.small_jpeg(), Resize(20))
                print(zygote().pid, renderer().pid, flush=True)
                time.sleep(60)
                """
            )],
            stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        assert worker.stdout is not None
        left = [psutil.Process(int(pid)) for pid in worker.stdout.readline().split()]
        assert len(left) == 2

        worker.kill()
        worker.wait()

        assert psutil.wait_procs(left, timeout=5)[1] == []

    def test_the_worker_never_loads_the_decoder(self) -> None:
        loaded = _run_python(
            """
            import sys
            import adapters.imaging.vips_editor, adapters.imaging.header_probe
            print("pyvips" in sys.modules)
            """
        )

        assert loaded == "False\n"

    @pytest.mark.skipif(
        os.geteuid() != 0 or not _is_readable_by_all(Path(os.__file__)),
        reason="only root can become somebody else, and that somebody has to reach the interpreter",
    )
    def test_an_ordinary_user_can_draw(self) -> None:
        made = _run_python(
            """
            import os
            import adapters.imaging.vips_editor, tests.pictures
            os.setgroups([]); os.setgid(65534); os.setuid(65534)
            import tempfile
            from tests.unit.adapters.imaging.test_renderers import *
            editor = VipsEditor(renderer_limits())
            print(edit(editor, pictures.photo(40, 30), Resize(20)).width)
            editor.close()
            """
        )

        assert made == "20\n"


def _run_python(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True, text=True, cwd=ROOT, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
