"""Notices on their way, as they are remembered."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from domain.notifications.delivery import Delivery


class Deliveries(Protocol):
    """Notices on their way."""

    @abstractmethod
    def add_new(self, deliveries: Sequence[Delivery]) -> None:
        """Add deliveries; one that is there (task, channel, address) already stays as it is."""

    @abstractmethod
    def of_task(self, task_id: UUID) -> Sequence[Delivery]:
        """Return every delivery about a task."""

    @abstractmethod
    def remove_of(self, task_id: UUID) -> None:
        """Forget every delivery about a task: it is to have another end."""

    @abstractmethod
    def claim(self, delivery_id: UUID, lease: timedelta) -> Delivery | None:
        """Claim a pending, due delivery for *lease*, or return None: somebody else's, or done."""

    @abstractmethod
    def save(self, delivery: Delivery) -> None:
        """Save a claimed delivery after an attempt."""

    @abstractmethod
    def postpone(self, delivery_id: UUID, delay: timedelta) -> None:
        """Leave a pending delivery out of `due` for *delay*, so that one ring is not made twice."""

    @abstractmethod
    def has_due(self) -> bool:
        """Whether `due` would return any."""

    @abstractmethod
    def due(self, limit: int) -> Sequence[Delivery]:
        """
        Return pending deliveries whose time has come and that nobody holds, oldest first.

        They are kept from others who ask for the same until the transaction ends.
        """
