"""API keys, as they are remembered."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.users.api_key import APIKey
from domain.users.user import User


class APIKeys(Protocol):
    """API keys."""

    @abstractmethod
    def add(self, key: APIKey) -> None:
        """Add a key."""

    @abstractmethod
    def of_user(self, user_id: UUID) -> Sequence[APIKey]:
        """Return the user's keys, oldest first, those that are over too."""

    @abstractmethod
    def with_user(self, key_id: UUID) -> tuple[APIKey, User] | None:
        """Return a key and its user in one question: asked on every request."""

    @abstractmethod
    def revoke(self, user_id: UUID, key_id: UUID, now: datetime) -> bool:
        """
        End a key of the user's; ending an ended one changes nothing.

        False if there is none by that id.
        """

    @abstractmethod
    def note_use(self, key_id: UUID, at: datetime) -> None:
        """Remember that the key was used at *at*, unless it has been used later."""

    @abstractmethod
    def remove(self, key_ids: Iterable[UUID]) -> None:
        """Forget keys altogether."""
