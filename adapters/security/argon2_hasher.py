"""Passwords hashed by argon2id."""

import base64
import threading
import unicodedata
from pathlib import Path

from argon2 import Parameters, Type, extract_parameters
from argon2.low_level import ARGON2_VERSION

from adapters.security.background_argon2 import BackgroundArgon2
from adapters.security.password_process import HASH_BYTES, SALT_BYTES, Answer
from application.ports.password_hasher import HasherBusy, PasswordHasher


class Argon2PasswordHasher(PasswordHasher):
    """
    argon2id with 19 MiB, two passes and one lane, as OWASP's Password Storage Cheat Sheet lists.

    Attributes:
        in_line: How many callers there may be, waiting ones included: each holds a thread of
            theirs, which is then missing elsewhere. Further ones are sent away.
        turns: Where the processes of this host agree on who computes; see `BackgroundArgon2`.
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
        self._parameters = Parameters(
            Type.ID, ARGON2_VERSION, SALT_BYTES, HASH_BYTES, passes, memory_kib, lanes
        )
        self._background = BackgroundArgon2(turns)
        self._line = threading.BoundedSemaphore(in_line)
        # Of no password: checking against it costs what checking a real one costs.
        self._nobody = (
            f"$argon2id$v={ARGON2_VERSION}$m={memory_kib},t={passes},p={lanes}"
            f"${_base64(bytes(SALT_BYTES))}${_base64(bytes(HASH_BYTES))}"
        )

    def hash(self, password: str) -> str:
        """Return a PHC string, such as `$argon2id$v=19$m=19456,t=2,p=1$…$…`."""
        return str(self._computed(password, None))

    def verify(self, password: str, password_hash: str | None) -> bool:
        """Recompute the hash; for an unknown user, one that nothing fits."""
        fits = self._computed(password, password_hash or self._nobody)
        return fits is True and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Compare the parameters that the hash names with ours."""
        return extract_parameters(password_hash) != self._parameters

    def _computed(self, password: str, password_hash: str | None) -> Answer:
        if not self._line.acquire(blocking=False):
            raise HasherBusy("too many sign-ins wait already")
        try:
            return self._background(
                {
                    "password": _normalised(password),
                    "password_hash": password_hash,
                    "memory_kib": self._parameters.memory_cost,
                    "passes": self._parameters.time_cost,
                    "lanes": self._parameters.parallelism,
                }
            )
        finally:
            self._line.release()


def _normalised(password: str) -> str:
    # The same keys give different code points on different systems (NIST 800-63B §5.1.1.2).
    return unicodedata.normalize("NFKC", password)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).rstrip(b"=").decode()
