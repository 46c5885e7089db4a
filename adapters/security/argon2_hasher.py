"""Passwords hashed by argon2id."""

import base64
import contextlib
import fcntl
import os
import threading
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from argon2 import PasswordHasher as Argon2
from argon2 import Type
from argon2.exceptions import VerifyMismatchError

from application.ports.password_hasher import HasherBusy, PasswordHasher

_SALT_BYTES = 16
_HASH_BYTES = 32
_NICER: Final = 10
"""Steps of niceness: on a busy core a tenth of what another thread gets, all of an idle one."""

_Answer = TypeVar("_Answer")


class Argon2PasswordHasher(PasswordHasher):
    """
    argon2id with 19 MiB, two passes and one lane, as OWASP's Password Storage Cheat Sheet lists.

    It computes in a thread of its own that stands back, and not on every core: whoever asks for
    something else is not kept waiting by a flood of sign-ins, neither for a core nor for memory.

    Attributes:
        in_line: How many callers there may be, waiting ones included: each holds a thread of
            theirs, which is then missing elsewhere. Further ones are sent away.
        turns: A folder where the processes of this host agree on who computes, by locks that the
            kernel frees when one dies; each for itself if absent. Half of the cores compute.
    """

    def __init__(
        self,
        *,
        memory_kib: int = 19_456,
        passes: int = 2,
        lanes: int = 1,
        in_line: int = 12,
        turns: Path | None = None,
    ) -> None:
        self._argon2 = Argon2(
            time_cost=passes,
            memory_cost=memory_kib,
            parallelism=lanes,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
            type=Type.ID,
        )
        self._thread = ThreadPoolExecutor(1, "argon2", initializer=_stand_back)
        self._line = threading.BoundedSemaphore(in_line)
        self._turns = turns
        # Of no password: checking against it costs what checking a real one costs.
        self._nobody = (
            f"$argon2id$v=19$m={memory_kib},t={passes},p={lanes}"
            f"${_base64(bytes(_SALT_BYTES))}${_base64(bytes(_HASH_BYTES))}"
        )

    def hash(self, password: str) -> str:
        """Return a PHC string, such as `$argon2id$v=19$m=19456,t=2,p=1$…$…`."""
        return self._computed(lambda: self._argon2.hash(_normalised(password)))

    def verify(self, password: str, password_hash: str | None) -> bool:
        """Recompute the hash; for an unknown user, one that nothing fits."""

        def fits() -> bool:
            try:
                return self._argon2.verify(password_hash or self._nobody, _normalised(password))
            except VerifyMismatchError:
                return False

        return self._computed(fits) and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Compare the parameters that the hash names with ours."""
        return self._argon2.check_needs_rehash(password_hash)

    def _computed(self, compute: Callable[[], _Answer]) -> _Answer:
        if not self._line.acquire(blocking=False):
            raise HasherBusy("too many sign-ins wait already")
        try:
            return self._thread.submit(self._in_turn, compute).result()
        finally:
            self._line.release()

    def _in_turn(self, compute: Callable[[], _Answer]) -> _Answer:
        with contextlib.nullcontext() if self._turns is None else _turn(self._turns):
            return compute()


@contextlib.contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Wait for one of the host's turns; where there is no such folder, do not wait."""
    turns = max(1, (os.cpu_count() or 1) // 2)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"passwords.{os.getpid() % turns}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # and the lock with it


def _stand_back() -> None:
    # Linux keeps the niceness of each thread, although POSIX has one for the process.
    with contextlib.suppress(OSError):
        own = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), own + _NICER)


def _normalised(password: str) -> str:
    # The same keys give different code points on different systems (NIST 800-63B §5.1.1.2).
    return unicodedata.normalize("NFKC", password)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).rstrip(b"=").decode()
