"""One process under the supervisor: started, watched, started again."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[2]
_PR_SET_PDEATHSIG: Final = 1
_LONGEST_LINE: Final = 1024 * 1024
# What ended by itself has to have lasted longer to count as started: a slow start that fails is no
# success. Whoever kills a process costs the machine one start, however often.
_STABLE_SECONDS: Final = 10.0
_STABLE_SECONDS_IF_ASKED: Final = 1.5
_LONGEST_PAUSE_SECONDS: Final = 30.0

# Loaded before any fork: between fork and exec there is no time for it.
_libc: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ChildProcess:
    """
    Runs one of our commands in a process group of its own, again and again until told to stop.

    The first restart comes at once; each further one of a process that did not last waits twice
    as long as the one before.

    Attributes:
        name: The command.
        on_line: Gets each line of its output.
        on_exit: Gets each end that nobody asked for, with the pause before the next start.
        failures: Starts in a row that did not last.
        has_lasted: Whether any start did.
    """

    def __init__(
        self,
        name: str,
        environ: Mapping[str, str],
        *,
        descriptors: Sequence[int] = (),
        on_start: Callable[[], None],
        on_line: Callable[[str, bytes], None],
        on_exit: Callable[[str, int, float], None],
    ) -> None:
        self.name = name
        self.failures = 0
        self.has_lasted = False
        self._environ = environ
        self._descriptors = tuple(descriptors)
        self._on_start = on_start
        self._on_line = on_line
        self._on_exit = on_exit
        self._process: Process | None = None
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Of the running process, which leads the group of that number; None between two."""
        return None if self._process is None else self._process.pid

    async def run(self) -> None:
        """Keep it running until `stop`."""
        try:
            while not self._stopping.is_set():
                started = time.monotonic()
                try:
                    code = await self._run_once()
                except OSError as error:  # no memory, no more processes: it may pass
                    self._on_line(self.name, f"cannot be started: {error.strerror}".encode())
                    code = 1
                if self._stopping.is_set():
                    return
                lasted = time.monotonic() - started
                if lasted >= (_STABLE_SECONDS_IF_ASKED if code <= 0 else _STABLE_SECONDS):
                    self.failures = 0
                    self.has_lasted = True
                pause = min(_LONGEST_PAUSE_SECONDS, 2.0 ** (self.failures - 1)) * bool(
                    self.failures
                )
                self.failures += 1
                self._on_exit(self.name, code, pause)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause)
        finally:
            self.kill()
            self._ended.set()

    def stop(self) -> None:
        """Ask it to end, and start it no more."""
        self._stopping.set()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()

    async def ended(self, seconds: float) -> bool:
        """Wait until it has ended; False if that takes longer than *seconds*."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)
        return self._ended.is_set()

    def stop_at_once(self) -> None:
        """End it without asking, and start it no more."""
        self._stopping.set()
        self.kill()

    def kill(self) -> None:
        """End it and everything it started, at once."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _run_once(self) -> int:
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "entrypoints.cli",
            self.name,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env=self._environ,
            cwd=_ROOT,
            limit=_LONGEST_LINE,
            pass_fds=self._descriptors,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid()),
        )
        self._on_start()
        forwarding = asyncio.create_task(self._forward(process))
        code = await process.wait()
        # What it started and left behind would keep its memory, and its end of the pipe.
        self.kill()
        await forwarding
        self._process = None
        return code

    async def _forward(self, process: Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than the limit; what was read of it is gone
                continue
            if not line:
                return
            self._on_line(self.name, line.rstrip(b"\n"))


def _die_with(parent: int) -> Callable[[], None]:
    """Return what a child does before it becomes our command: tie its life to *parent*'s."""

    def tie() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # died in between
                os._exit(1)

    return tie
