"""Passwords hashed by argon2id."""

import base64
import threading
import unicodedata

from argon2 import PasswordHasher as Argon2
from argon2 import Type
from argon2.exceptions import VerifyMismatchError

from application.ports.password_hasher import PasswordHasher

_SALT_BYTES = 16
_HASH_BYTES = 32


class Argon2PasswordHasher(PasswordHasher):
    """
    argon2id with 19 MiB, two passes and one lane, as OWASP's Password Storage Cheat Sheet lists.

    Attributes:
        at_once: How many hashes may be in the making; the rest wait, so that a flood of sign-ins
            takes neither the memory nor every core.
    """

    def __init__(
        self, *, memory_kib: int = 19_456, passes: int = 2, lanes: int = 1, at_once: int = 2
    ) -> None:
        self._argon2 = Argon2(
            time_cost=passes,
            memory_cost=memory_kib,
            parallelism=lanes,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
            type=Type.ID,
        )
        self._turnstile = threading.BoundedSemaphore(at_once)
        # Of no password: checking against it costs what checking a real one costs.
        self._nobody = (
            f"$argon2id$v=19$m={memory_kib},t={passes},p={lanes}"
            f"${_base64(bytes(_SALT_BYTES))}${_base64(bytes(_HASH_BYTES))}"
        )

    def hash(self, password: str) -> str:
        """Return a PHC string, such as `$argon2id$v=19$m=19456,t=2,p=1$…$…`."""
        with self._turnstile:
            return self._argon2.hash(_normalised(password))

    def verify(self, password: str, password_hash: str | None) -> bool:
        """Recompute the hash; for an unknown user, one that nothing fits."""
        with self._turnstile:
            try:
                self._argon2.verify(password_hash or self._nobody, _normalised(password))
            except VerifyMismatchError:
                return False
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Compare the parameters that the hash names with ours."""
        return self._argon2.check_needs_rehash(password_hash)


def _normalised(password: str) -> str:
    # The same keys give different code points on different systems (NIST 800-63B §5.1.1.2).
    return unicodedata.normalize("NFKC", password)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).rstrip(b"=").decode()
