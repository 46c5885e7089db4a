"""Turns passwords into something that is safe to keep."""

from abc import abstractmethod
from typing import Protocol

from application.errors import PortFailure


class HasherBusy(PortFailure):
    """As many callers wait as may; the same call will do later."""

    code = "hasher-busy"
    transient = True


class PasswordHasher(Protocol):
    """
    Hashes and checks passwords; slow on purpose, bounded in how many run at once and wait.

    Whoever hashes or checks has to expect `HasherBusy`.
    """

    @abstractmethod
    def hash(self, password: str) -> str:
        """Return a salted hash that names its own parameters."""

    @abstractmethod
    def verify(self, password: str, password_hash: str | None) -> bool:
        """
        Whether *password* belongs to *password_hash*.

        None stands for an unknown user: the same work is done, and the answer is False, so that
        the time taken tells nobody who has an account.
        """

    @abstractmethod
    def is_outdated(self, password_hash: str) -> bool:
        """Whether *password_hash* was made with weaker parameters than today's."""
