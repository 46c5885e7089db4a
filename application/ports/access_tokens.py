"""The tokens that callers carry."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.errors import NotAuthenticated
from domain.users.session import Session


class InvalidToken(NotAuthenticated):
    """The token is malformed, forged, expired or made for something else."""

    code = "invalid-token"


class AccessTokens(Protocol):
    """Issues and reads access tokens; whether the session still lives is for the caller to ask."""

    @abstractmethod
    def issue(self, session: Session, *, issued_at: datetime, expires_at: datetime) -> str:
        """Return a token for *session* that is good between these times, in whole seconds."""

    @abstractmethod
    def session_id(self, token: str) -> UUID:
        """
        Return the id of the session that *token* stands for.

        Raises:
            InvalidToken: With one and the same message, whatever is wrong.
        """
