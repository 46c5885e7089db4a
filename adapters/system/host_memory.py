"""The memory of this host: how much there is, and who holds which share of it."""

import contextlib
import errno
import fcntl
import os
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from application.ports.memory_budget import (
    MemoryBudget,
    MemoryBudgetUnavailable,
    WaitAbandoned,
)

TOKEN_BYTES: Final = 16 * 1024 * 1024
"""What one token stands for."""

_TURN: Final = 0
"""The byte that whoever takes tokens has locked; the tokens are the bytes behind it."""

_POLL_SECONDS: Final = 0.05
_ASK_SECONDS: Final = 1.0
_BUSY: Final = (errno.EAGAIN, errno.EACCES)


class LockedMemoryBudget(MemoryBudget):
    """
    Tokens that are bytes of a file, held by locking them.

    The locks belong to an open file (`F_OFD_SETLK`, fcntl(2)): each share opens the file for
    itself, so threads of one process exclude each other as processes do, and the kernel frees what
    a dead process held. The file itself stays empty.

    Tokens are taken by one at a time, who holds the turn for that. Whoever does not find enough
    lets others pass at first; after *patience_seconds* they keep both the turn and what they have
    found, so that tokens that come free are theirs, and everybody else waits behind them.
    """

    def __init__(self, path: Path, budget_bytes: int, *, patience_seconds: float = 2.0) -> None:
        self._path = path
        self._patience = patience_seconds
        self.tokens: Final = max(1, budget_bytes // TOKEN_BYTES)

    def check(self) -> None:
        """Open the file, or raise `MemoryBudgetUnavailable`."""
        with self._opened():
            pass

    @contextlib.contextmanager
    def share(self, need_bytes: int, is_wanted: Callable[[], bool]) -> Iterator[None]:
        count = min(self.tokens, max(1, -(-need_bytes // TOKEN_BYTES)))
        with self._opened() as descriptor:
            self._wait(descriptor, count, is_wanted)
            yield

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise MemoryBudgetUnavailable(f"{self._path}: {error.strerror}") from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)  # and every lock with it

    def _wait(self, descriptor: int, count: int, is_wanted: Callable[[], bool]) -> None:
        started = time.monotonic()
        ask_at = started + _ASK_SECONDS
        mine: set[int] = set()
        has_turn = False
        while True:
            has_turn = has_turn or _locked(descriptor, _TURN)
            if has_turn:
                self._take(descriptor, mine, count)
                if len(mine) == count:
                    _unlock(descriptor, _TURN)
                    return
                if time.monotonic() - started < self._patience:
                    for byte in (*mine, _TURN):
                        _unlock(descriptor, byte)
                    mine.clear()
                    has_turn = False
            time.sleep(_POLL_SECONDS)
            if time.monotonic() >= ask_at:
                if not is_wanted():
                    raise WaitAbandoned("nobody waits for this memory any longer")
                ask_at = time.monotonic() + _ASK_SECONDS

    def _take(self, descriptor: int, mine: set[int], count: int) -> None:
        """Lock free tokens until there are *count* of them, or no more are free."""
        for token in range(1, self.tokens + 1):
            if len(mine) == count:
                return
            if token not in mine and _locked(descriptor, token):
                mine.add(token)


def _locked(descriptor: int, byte: int) -> bool:
    """Lock one byte, unless somebody has."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _lock(fcntl.F_WRLCK, byte))
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise MemoryBudgetUnavailable(f"a lock could not be set: {error.strerror}") from error
    return True


def _unlock(descriptor: int, byte: int) -> None:
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _lock(fcntl.F_UNLCK, byte))


def _lock(kind: int, byte: int) -> bytes:
    """Return a `struct flock` for one byte; the process id in it has to be 0."""
    return struct.pack("@hhqqi4x", kind, os.SEEK_SET, byte, 1, 0)


def memory_of_this_host(
    *, proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")
) -> int:
    """
    Return the bytes that this process and its like may have together.

    It is the least that the machine, the cgroup of this process and those around it allow.
    """
    for line in (proc / "meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            machine = int(line.split()[1]) * 1024
            break
    return min([machine, *_cgroup_limits(proc, cgroups)])


def _cgroup_limits(proc: Path, cgroups: Path) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for line in (proc / "self" / "cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                yield from _limits(cgroups, path, "memory.max")
            elif "memory" in controllers.split(","):
                yield from _limits(cgroups / "memory", path, "memory.limit_in_bytes")


def _limits(top: Path, path: str, name: str) -> Iterator[int]:
    """Give the limit of a cgroup and of all above it; inside a container the top is its own."""
    own = top / path.lstrip("/")
    for folder in (own, *own.parents):
        with contextlib.suppress(OSError, ValueError):  # no such file, or "max"
            yield int((folder / name).read_text())
        if folder == top:
            return
