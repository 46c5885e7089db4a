"""Signings-in, as they are remembered."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.users.session import Session
from domain.users.user import User


class Sessions(Protocol):
    """Signings-in."""

    @abstractmethod
    def add(self, session: Session) -> None:
        """Add a session."""

    @abstractmethod
    def with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        """Return a session and its user in one question: asked on every request."""

    @abstractmethod
    def revoke(self, session_id: UUID, now: datetime) -> bool:
        """End a session; ending an ended one, or none, changes nothing and returns False."""
