"""
The sandbox is real: a renderer that has been taken over tries everything, and nothing comes off.

The code in `tests/sandbox_attempts.py` runs in the place of drawing, in renderers that the real
zygote forks for a real editor, behind whatever walls the program builds. Then each wall is left
out once, and what it has to stop comes off: so the attempts are attempts.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import psutil
import pytest

from adapters.imaging import seccomp
from adapters.imaging.vips_editor import VipsEditor
from domain.images.operations import Blur, Resize, Watermark
from domain.images.pipeline import MAIN, Pipeline
from tests import pictures
from tests.fonts import box_font
from tests.limits import renderer_limits
from tests.sandbox_attempts import (
    CANARY,
    CAPABILITIES,
    DESCRIPTORS,
    ENVIRONMENT,
    FILE_SIZE,
    LANDLOCK,
    MARK_PX,
    MEMORY,
    NOT_KNOWN,
    OPEN_FILES,
    SECCOMP,
    SECRET_SETTING,
    Attempt,
    attempts,
)
from tests.unit.adapters.imaging.test_renderers import not_possible, zygote

ROOT = Path(__file__).parents[4]
TRY = Resize(MARK_PX)
KINDS = {
    "no fonts": (TRY,),
    "shipped fonts": (TRY, Watermark(text="Ada")),
    "own fonts": (TRY, Watermark(text="Ada", font="brand.ttf")),
}
EVERY = {attempt.name: attempt for attempt in attempts()}

MAY_RAISE_LIMITS = 1 << 24  # CAP_SYS_RESOURCE

Found = dict[str, dict[str, str]]
Break = Callable[..., VipsEditor]


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A worker's secrets: in a file, in its environment, and in a descriptor to be inherited."""
    secret = tmp_path / "secret"
    secret.write_text(CANARY)
    monkeypatch.setenv(SECRET_SETTING, CANARY)
    with secret.open("rb") as held:
        os.set_inheritable(held.fileno(), True)
        yield secret
    Path("/dev/shm/left-by-a-renderer").unlink(missing_ok=True)


@pytest.fixture
def taken_over(secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Break]:
    """Make editors whose renderers try what they should not, with some walls down."""
    editors: list[VipsEditor] = []

    def make(*down: str, renderers: int = 1) -> VipsEditor:
        hook = tmp_path / f"hook-{len(editors)}"
        hook.mkdir()
        (hook / "sitecustomize.py").write_text(
            "from tests.sandbox_attempts import install\n"
            f"install({str(secret)!r}, {os.getpid()}, {down!r})\n"
        )
        monkeypatch.setenv("PYTHONPATH", str(hook))
        editors.append(VipsEditor(renderer_limits(cpu_seconds=60), renderers=renderers))
        return editors[-1]

    yield make
    for editor in editors:
        editor.close()


def tried(editor: VipsEditor, kind: str, *, source_mode: str = "rb") -> Found:
    """Have the attempts made by a renderer of this kind; return what stopped each."""
    with contextlib.ExitStack() as files:
        named = files.enter_context(tempfile.NamedTemporaryFile())
        named.write(pictures.small_jpeg())
        named.flush()
        source = files.enter_context(open(named.name, source_mode, buffering=0))
        target = files.enter_context(tempfile.TemporaryFile(buffering=0))
        assets: dict[str, BinaryIO] = {}
        if kind == "own fonts":
            if not editor.hides_files:
                not_possible("this system does not allow Landlock")
            assets["brand.ttf"] = files.enter_context(tempfile.TemporaryFile(buffering=0))
            assets["brand.ttf"].write(box_font())
            assets["brand.ttf"].seek(0)
        editor.edit(source, Pipeline(KINDS[kind]), assets, {MAIN: target})
        target.seek(0)
        found: Found = json.loads(target.read())
        return found


def drawn_width(editor: VipsEditor, *operations: Any) -> int:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(pictures.small_jpeg())
        source.seek(0)
        pipeline = Pipeline(operations or (Resize(20),))
        return editor.edit(source, pipeline, {}, {MAIN: target}).main.width


def not_stopped(made: dict[str, str], *, at_the_door: bool = False) -> dict[str, str]:
    """Return what came off, or was stopped by something else than its wall."""
    return {
        f"{name} ({_wall(EVERY[name], at_the_door)})": outcome or "CAME OFF"
        for name, outcome in made.items()
        if outcome not in _expected(EVERY[name], at_the_door)
    }


def _wall(attempt: Attempt, at_the_door: bool) -> str:
    return (at_the_door and attempt.at_the_door) or attempt.wall


def _expected(attempt: Attempt, at_the_door: bool) -> tuple[str, ...]:
    return ("EACCES",) if _wall(attempt, at_the_door) == LANDLOCK else attempt.stopped_by


class TestNothingComesOff:
    @pytest.mark.parametrize("kind", KINDS)
    def test_each_attempt_is_stopped_by_its_wall(self, taken_over: Break, kind: str) -> None:
        editor = taken_over()
        assert editor.missing_walls == ()

        found = tried(editor, kind)

        assert found["shut in"].keys() == EVERY.keys()
        assert not_stopped(found["shut in"]) == {}
        assert (found["at the door"] is not None) == (kind == "own fonts")
        if found["at the door"] is not None:
            assert not_stopped(found["at the door"], at_the_door=True) == {}

    def test_worker_secrets_and_other_renderers_are_as_before(
        self, taken_over: Break, secret: Path
    ) -> None:
        editor = taken_over(renderers=2)
        drawn_width(editor)
        before, left = zygote().pid, sorted(secret.parent.iterdir())
        with socket.create_server(("127.0.0.1", 0)) as canary, contextlib.ExitStack() as stack:
            widths: list[int] = []
            beside = threading.Thread(
                target=lambda: widths.extend(
                    drawn_width(editor, Resize(400, without_enlargement=False), Blur(20))
                    for _ in range(4)
                )
            )
            beside.start()
            stack.callback(beside.join)
            for kind in KINDS:
                tried(editor, kind)
            beside.join()
            canary.setblocking(False)
            with pytest.raises(BlockingIOError):
                canary.accept()

        assert widths == [400] * 4
        assert zygote().pid == before
        assert drawn_width(editor) == 20  # by one that has tried everything, too
        assert psutil.Process().status() != psutil.STATUS_STOPPED
        assert secret.read_text() == CANARY
        assert sorted(secret.parent.iterdir()) == left
        assert not Path("/dev/shm/left-by-a-renderer").exists()

    def test_numbers_of_calls_are_those_of_the_kernel(self) -> None:
        """A wrong number would refuse another call than it says."""
        headers = {
            "/usr/include/x86_64-linux-gnu/asm/unistd_64.h": 0,
            "/usr/include/asm-generic/unistd.h": 1,
        }
        there = {Path(name): column for name, column in headers.items() if Path(name).exists()}
        if not there:
            not_possible("the kernel's headers are not installed: linux-libc-dev")
        for header, column in there.items():
            assert wrong_numbers(header.read_text(), column) == {}


class TestEachWall:
    """With a wall down, what it has to stop comes off, or meets the next."""

    def test_system_calls(self, taken_over: Break) -> None:
        made = tried(taken_over(SECCOMP), "shipped fonts")["shut in"]

        alone = {name for name in made if EVERY[name].wall == SECCOMP and not EVERY[name].behind}
        backed = {name for name in made if EVERY[name].behind == CAPABILITIES}
        assert len(alone) > 90 and len(backed) > 15
        assert {name: made[name] for name in alone if made[name] == "EPERM"} == {}
        if os.geteuid() == 0:  # otherwise the worker has no more of them than a renderer
            assert {name for name in backed if not made[name]} == set()
        assert sum(not made[name] for name in alone) > 60  # the rest is nonsense to the kernel
        for name in ("read a secret by its path", "fork a hundred times", "open a socket: IPv4"):
            assert made[name] == ""

    def test_system_calls_and_capabilities(self, taken_over: Break) -> None:
        only_root()
        made = tried(taken_over(SECCOMP, CAPABILITIES), "no fonts")["shut in"]

        backed = {name for name in made if EVERY[name].behind == CAPABILITIES}
        assert {name for name in backed if made[name] == "EPERM"} == set()
        assert made["read its parent's memory by a call"] == ""

    def test_capabilities(self, taken_over: Break) -> None:
        only_root()
        with_them, without = taken_over(CAPABILITIES), taken_over()
        held = []
        for editor in (with_them, without):
            drawn_width(editor)
            held.append({capabilities_of(one) for one in renderers_of(editor)})
        made = tried(with_them, "no fonts")["shut in"]

        assert 0 not in held[0]
        assert held[1] == {0}
        if capabilities_of(os.getpid()) & MAY_RAISE_LIMITS:
            assert {made[name] for name in made if EVERY[name].wall == CAPABILITIES} == {""}

    def test_strangers_fonts_and_files(self, taken_over: Break) -> None:
        made = tried(taken_over(LANDLOCK), "own fonts")["at the door"]

        hidden = {name for name in made if EVERY[name].at_the_door == LANDLOCK}
        # What is the worker's, its capabilities keep from one who has none.
        assert {name for name in hidden if made[name]} <= {
            name for name in hidden if "worker" in name or "parent" in name
        }
        assert made["read a secret by its path"] == ""

    @pytest.mark.parametrize("wall", [MEMORY, FILE_SIZE, OPEN_FILES, DESCRIPTORS, ENVIRONMENT])
    def test_limits_and_what_is_handed_down(self, taken_over: Break, wall: str) -> None:
        made = tried(taken_over(wall), "no fonts")["shut in"]

        its_own = {name for name in made if EVERY[name].wall == wall}
        assert its_own
        assert {made[name] for name in its_own} == {""}

    def test_a_picture_that_may_be_changed(self, taken_over: Break) -> None:
        made = tried(taken_over(), "no fonts", source_mode="r+b")["shut in"]

        assert made["overwrite the picture"] == ""

    def test_every_wall_is_left_out_somewhere(self) -> None:
        bounded_by_nature = {"size of a packet", "a pipe that is bounded"}
        shown = {
            SECCOMP, CAPABILITIES, MEMORY, FILE_SIZE, OPEN_FILES, DESCRIPTORS, ENVIRONMENT,
            "read-only descriptors", NOT_KNOWN,
        }  # fmt: skip
        assert {attempt.wall for attempt in EVERY.values()} == shown | bounded_by_nature


def renderers_of(editor: VipsEditor) -> list[int]:
    process = editor._zygote._process
    assert process is not None
    return [child.pid for child in psutil.Process(process.pid).children()]


def capabilities_of(pid: int) -> int:
    (line,) = re.findall(r"^CapEff:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.M)
    return int(line, 16)


def only_root() -> None:
    if os.geteuid() != 0:
        not_possible("only root has capabilities to lose")


def wrong_numbers(header: str, column: int) -> dict[str, object]:
    """Return the calls that the program knows by another number than *header* does."""
    real: dict[str, int] = {}
    for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header):
        real.setdefault(name, int(number))
    known = seccomp._REFUSED | seccomp._SECCOMP_ALONE | {
        name: numbers for name, (numbers, _, _) in seccomp._BOUNDED.items()
    } | {"clone": seccomp._CLONE, "tgkill": seccomp._TGKILL}  # fmt: skip
    return {
        name: (numbers[column], real.get(name))
        for name, numbers in known.items()
        # Headers may be older than the program, or name what no architecture of today has.
        if name in real and numbers[column] != real[name]
    }


class TestThreads:
    def test_they_are_bounded_where_users_are_our_own(self) -> None:
        """Without a bound, threads of a few bytes would use up the machine's process ids."""
        only_root()
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(
                """
                import os, resource, sys, threading
                import adapters.imaging.sandbox as sandbox
                from tests.limits import renderer_limits
                os.setgroups([]); os.setgid(65534); os.setuid(65534)
                if sandbox.enter_namespaces():
                    print("no namespaces"); sys.exit()
                parent = os.getpid()
                pid = os.fork()
                if pid:
                    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                sandbox.THREADS = 40
                missing = sandbox.lock_down(renderer_limits(), parent)
                threading.stack_size(65536)
                started, hold = 0, threading.Event()
                try:
                    for _ in range(500):
                        threading.Thread(target=hold.wait, daemon=True).start()
                        started += 1
                except RuntimeError:
                    pass
                os.write(1, f"{started < 40} {missing}\\n".encode())
                os._exit(0)
                """
            )],
            capture_output=True, text=True, cwd=ROOT, timeout=60,
        )  # fmt: skip
        if done.stdout.startswith("no namespaces"):
            not_possible("unprivileged user namespaces are not allowed here")

        assert done.stdout == "True []\n", done.stderr
