"""Signings-in, as they are remembered."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import attrs

from domain.users.session import Session
from domain.users.user import User


@attrs.frozen
class RefreshToken:
    """
    A refresh token of a session.

    Attributes:
        used_at: When it was exchanged; None while it is good.
        successor_used: Whether what it was exchanged for has been exchanged in its turn.
    """

    session: Session
    used_at: datetime | None = None
    successor_used: bool = False


class Sessions(Protocol):
    """Signings-in, and the refresh tokens by which they go on."""

    @abstractmethod
    def add(self, session: Session) -> None:
        """Add a session."""

    @abstractmethod
    def with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        """Return a session and its user in one question: asked on every request."""

    @abstractmethod
    def live_of(self, user_id: UUID, now: datetime) -> Sequence[Session]:
        """Return a user's sessions that have not ended, those used last first."""

    @abstractmethod
    def revoke(self, session_id: UUID, now: datetime) -> bool:
        """End a session; ending an ended one, or none, changes nothing and returns False."""

    @abstractmethod
    def revoke_all_of(self, user_id: UUID, now: datetime, *, but: UUID | None = None) -> int:
        """End a user's sessions, *but* for one of them if it is given; return how many were."""

    @abstractmethod
    def revoke_beyond(self, user_id: UUID, now: datetime, *, keep: int) -> int:
        """End a user's live sessions, but for the *keep* used last; return how many were."""

    @abstractmethod
    def note_use(self, session: Session) -> bool:
        """Save when a session was used and how long it may be idle; False if it was ended."""

    @abstractmethod
    def forget_ended(self, user_id: UUID, now: datetime, *, keep: int) -> int:
        """Forget the oldest of a user's sessions that have ended, but for the newest *keep*."""

    @abstractmethod
    def add_refresh_token(self, session_id: UUID, sha256: str, now: datetime) -> None:
        """Let a session have a refresh token, by its digest; it goes when the session goes."""

    @abstractmethod
    def find_refresh_token(self, sha256: str) -> RefreshToken | None:
        """Return a refresh token with its session, by its digest."""

    @abstractmethod
    def rotate(self, sha256: str, successor_sha256: str, now: datetime) -> bool:
        """
        Exchange a refresh token for its successor.

        Returns False, and changes nothing, if it is not there or has been exchanged before; of any
        number who try at once, one succeeds.
        """
