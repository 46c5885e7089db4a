"""argon2id behind everybody else on this host."""

import contextlib
import fcntl
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from adapters.security import password_process
from adapters.security.password_process import PACKET_BYTES, Answer, Question, computed

_SHARE: Final = 0.25
"""Of what all cores can do, at most."""
_PATIENCE_SECONDS: Final = 0.25
"""How long the process may take; ten times what it takes if somebody lets it run."""
_BACK_OFF_SECONDS: Final = 30.0
"""Until one that could not be started is tried again."""
_NICER: Final = 10
"""Steps of niceness: on a busy core a tenth of what another thread gets, all of an idle one."""
_PASSED_ON: Final = ("LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME")

_logger = logging.getLogger(__name__)


class BackgroundArgon2:
    """
    Computes one question at a time, in the order in which they come. Thread-safe.

    A flood of sign-ins shall keep nobody waiting who asks for something else. So a process of
    ours computes, which runs only while nobody wants its core; the processes of a host take turns;
    and between two turns is a rest, so that a quarter of the host is the most that passwords get.
    On a host where somebody always wants the core the process would wait for ever: after a while
    a thread computes the same, which merely stands back.

    Args:
        turns: A folder where the processes of this host agree on who computes, by locks that the
            kernel frees when one dies; each for itself if absent.
    """

    def __init__(self, turns: Path | None) -> None:
        self._turns = turns
        self._clerk = ThreadPoolExecutor(1, "passwords")
        self._thread = ThreadPoolExecutor(1, "argon2", initializer=_stand_back)
        self._process = _Process()

    def __call__(self, question: Question) -> Answer:
        """Return what `computed` returns, or raise what it raises, when it is our turn."""
        answer: Future[Answer] = Future()
        self._clerk.submit(self._in_turn, question, answer)
        return answer.result()

    def _in_turn(self, question: Question, answer: "Future[Answer]") -> None:
        with _turn(self._turns):
            began = time.monotonic()
            try:
                answer.set_result(self._computed(question))
            except BaseException as error:  # noqa: BLE001  # whoever asked has to know
                answer.set_exception(error)
            time.sleep(_rest(time.monotonic() - began))

    def _computed(self, question: Question) -> Answer:
        answer = self._process.ask(question, _PATIENCE_SECONDS)
        return self._thread.submit(computed, question).result() if answer is None else answer


class _Process:
    """The process that computes, started when it is needed and not there. One thread at a time."""

    def __init__(self) -> None:
        self._channel: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._owes_an_answer = False
        self._try_again_at = 0.0

    def ask(self, question: Question, seconds: float) -> Answer | None:
        """Return the answer; None if there is none by then, or nobody to give one."""
        try:
            channel = self._channel or self._started()
            if channel is None or (self._owes_an_answer and not self._has_caught_up(channel)):
                return None
            channel.settimeout(seconds)
            channel.send(json.dumps(question).encode())
            self._owes_an_answer = True
            answer: Answer = json.loads(channel.recv(PACKET_BYTES))
        except TimeoutError:
            return None
        except (OSError, ValueError) as error:
            self._give_up(error)
            return None
        self._owes_an_answer = False
        return answer

    def _started(self) -> socket.socket | None:
        if time.monotonic() < self._try_again_at:
            return None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel = ours
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  # our own module
                [sys.executable, "-s", "-P", password_process.__file__, str(theirs.fileno())],
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        return ours

    def _has_caught_up(self, channel: socket.socket) -> bool:
        """Whether an answer that came too late is there by now; it is thrown away."""
        channel.settimeout(0)
        try:
            if not channel.recv(PACKET_BYTES):
                raise ConnectionResetError("the process hung up")
        except BlockingIOError:
            return False
        self._owes_an_answer = False
        return True

    def _give_up(self, error: Exception) -> None:
        _logger.warning("passwords are computed beside requests: their process failed: %r", error)
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._channel, self._process, self._owes_an_answer = None, None, False
        self._try_again_at = time.monotonic() + _BACK_OFF_SECONDS


@contextlib.contextmanager
def _turn(folder: Path | None) -> Iterator[None]:
    """Wait for one of the host's turns; where there is no such folder, do not wait."""
    if folder is None:
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"passwords.{os.getpid() % _at_once(_cores())}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # and the lock with it


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _at_once(cores: int) -> int:
    """Return how many may compute at a time."""
    return max(1, int(cores * _SHARE))


def _rest(seconds: float, cores: int | None = None) -> float:
    """Return the seconds to do nothing in after having computed for so many."""
    cores = cores or _cores()
    share_while_computing = _at_once(cores) / cores
    return min(seconds, _PATIENCE_SECONDS) * max(0.0, share_while_computing / _SHARE - 1)


def _stand_back() -> None:
    # Linux keeps the niceness of each thread, although POSIX has one for the process.
    with contextlib.suppress(OSError):
        own = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), own + _NICER)
