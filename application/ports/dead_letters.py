"""Looks after what nobody could deliver: the messages that are kept for people to look at."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Protocol

import attrs

from application.ports.message_publisher import Message
from domain.tasks.priority import Priority


class DeathReason(Enum):
    """Why a message is a dead letter."""

    REJECTED = "rejected"  # its consumer said that trying again will not help
    DELIVERY_LIMIT = "delivery-limit"  # it was delivered too often, as to consumers that died


@attrs.frozen
class DeadLetter:
    """
    A message that is kept.

    Attributes:
        id: What `requeue` and `drop` know it by.
        priority: The lane that it comes from and goes back to.
        message: None if it is no message of ours.
        deliveries: How often it was handed out before, as far as that is known.
        died_at: When it was put by, as far as that is known.
    """

    id: str
    priority: Priority
    message: Message | None
    reason: DeathReason
    deliveries: int | None
    died_at: datetime | None


class DeadLetters(Protocol):
    """
    The dead letters of each queue, both lanes together; for people, not for loops.

    Looking takes them in hand for a moment, so two who look at the same time may see a part each.
    Every method but `close` raises `BrokerUnavailable`.
    """

    @abstractmethod
    def count(self, queue: str) -> int:
        """Return how many there are; a broker may be a little behind."""

    @abstractmethod
    def peek(self, queue: str, limit: int = 100) -> Sequence[DeadLetter]:
        """Return *limit* of them at most, and leave them where they are."""

    @abstractmethod
    def requeue(self, queue: str, ids: Sequence[str]) -> int:
        """Put them back where they came from, as if they were new; return how many there were."""

    @abstractmethod
    def drop(self, queue: str, ids: Sequence[str]) -> int:
        """Forget them; return how many there were."""

    @abstractmethod
    def close(self) -> None:
        """Disconnect; the next call connects again."""
