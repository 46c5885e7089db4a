"""What requests under an idempotency key were answered with, as it is remembered."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

import attrs


class TwinRequest(Exception):
    """The same request has been carried out in the meantime; its answer can be found."""


@attrs.frozen
class RememberedReply:
    """An answer, in words from which it can be given again."""

    scope: str
    key: str
    fingerprint: str
    reply: Mapping[str, str]


class IdempotencyKeys(Protocol):
    """Answers by the keys of their requests; ages are counted by the database's clock."""

    @abstractmethod
    def find(self, scope: str, key: str, max_age: timedelta) -> RememberedReply | None:
        """Return the answer to a request that is no older than *max_age*."""

    @abstractmethod
    def add(self, remembered: RememberedReply, max_age: timedelta) -> None:
        """Add an answer in place of one older than *max_age*, or raise `TwinRequest`."""

    @abstractmethod
    def remove_older_than(self, max_age: timedelta, limit: int) -> int:
        """Forget the oldest answers, at most *limit*, and return how many."""
