"""Renderers die, hang and grow; their editor does not."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from adapters.imaging.limits import RendererLimits
from adapters.imaging.vips_editor import VipsEditor
from application.ports.image_editor import Drawn, EditFailed, EditorUnavailable
from domain.images.formats import ImageFormat
from domain.images.operations import AutoOrient, Blur, Fit, Operation, Resize
from domain.images.output import Output
from domain.images.pipeline import Pipeline
from domain.images.upload_policy import UploadPolicy
from domain.tasks.task import FailureCode
from tests import pictures
from tests.bad_pictures import png_of_41_bytes

ROOT = Path(__file__).parents[4]
MIB = 1024 * 1024
BOUNDLESS = UploadPolicy(
    max_side_px=10**7, max_frame_pixels=10**10, max_total_pixels=10**10, max_frames=10**6
)
# Seconds of work for any machine: time to interfere.
LONG_WORK = (Resize(9000, 9000, Fit.FILL, without_enlargement=False), Blur(30))

MakeEditor = Callable[..., VipsEditor]


@pytest.fixture
def make_editor() -> Iterator[MakeEditor]:
    editors: list[VipsEditor] = []

    def make(renderers: int = 1, **limits: object) -> VipsEditor:
        editors.append(VipsEditor(RendererLimits(**limits), renderers=renderers))
        return editors[-1]

    yield make
    for editor in editors:
        editor.close()


def edit(editor: VipsEditor, data: bytes, *operations: Operation, format: str = "jpeg") -> Drawn:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(data)
        source.seek(0)
        pipeline = Pipeline(operations, Output(ImageFormat(format)))
        return editor.edit(source, pipeline, {}, target)


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
                "LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME", "TMPDIR", "LC_CTYPE",
            }  # fmt: skip
        held = [os.readlink(entry) for entry in Path(f"/proc/{renderer().pid}/fd").iterdir()]
        assert [file for file in held if file != "/dev/null" and file.startswith("/")] == []

    def test_the_kernel_confirms_the_walls(self, make_editor: MakeEditor) -> None:
        edit(make_editor(), pictures.small_jpeg(), Resize(20))
        pid = renderer().pid

        status = dict(
            line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        )
        limits = Path(f"/proc/{pid}/limits").read_text()

        assert status["NoNewPrivs"] == "1"
        assert status["Seccomp"] == "2"
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
            from adapters.imaging.limits import RendererLimits
            from adapters.imaging import sandbox
            import ctypes, mmap, socket, subprocess, threading

            parent = os.getpid()
            pid = os.fork()
            if pid:
                sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

            missing = sandbox.lock_down(RendererLimits(), parent)
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
            threading.Thread(target=lambda: print("thread ran")).start()
            print("missing", missing)
            """
        )

        assert sorted(tried.splitlines()) == ["missing []", "thread ran"]

    def test_all_end_with_the_worker(self) -> None:
        worker = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(
                """
                import tempfile, time
                from tests.unit.adapters.imaging.test_renderers import *
                editor = VipsEditor()
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
            editor = VipsEditor()
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
