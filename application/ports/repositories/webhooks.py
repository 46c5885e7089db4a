"""Webhooks, as they are remembered."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.notifications.channel import Webhook


class Webhooks(Protocol):
    """URLs that are called for a user."""

    @abstractmethod
    def add(self, webhook: Webhook) -> None:
        """Add a webhook, or raise `AlreadyExists` if its user has one with that URL."""

    @abstractmethod
    def of_user(self, user_id: UUID) -> Sequence[Webhook]:
        """Return the user's webhooks, oldest first."""

    @abstractmethod
    def disable(self, user_id: UUID, url: str, at: datetime) -> bool:
        """Call the user's webhook with that URL no more; False if there is none that is called."""

    @abstractmethod
    def enable(self, webhook_id: UUID) -> None:
        """Call it again."""

    @abstractmethod
    def remove(self, user_id: UUID, webhook_id: UUID) -> bool:
        """Remove the user's webhook; False if there is none by that id."""
