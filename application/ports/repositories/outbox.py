"""Messages that wait to be published."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import attrs

from application.ports.message_publisher import Message


@attrs.frozen
class OutboxEntry:
    """A message that waits to be published."""

    id: int
    message: Message


class Outbox(Protocol):
    """Messages that wait to be published."""

    @abstractmethod
    def add(self, message: Message, *, delay: timedelta = timedelta()) -> None:
        """Add a message, due after *delay* by the database's clock."""

    @abstractmethod
    def take_due(self, limit: int, lease: timedelta) -> Sequence[OutboxEntry]:
        """
        Take due messages, oldest first, and keep them from every other taker for *lease*.

        The broker is spoken to outside any transaction: a slow one must delay no writer.
        """

    @abstractmethod
    def release(self, entry_ids: Sequence[int], delay: timedelta) -> None:
        """Give taken messages back, due again after *delay*."""

    @abstractmethod
    def has_due(self) -> bool:
        """Whether any message is due."""

    @abstractmethod
    def remove(self, entry_ids: Sequence[int]) -> None:
        """Forget messages that the broker has confirmed."""

    @abstractmethod
    def count(self) -> int:
        """Return how many messages wait."""
