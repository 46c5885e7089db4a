"""Sign out."""

import attrs

from application.ports.access_tokens import AccessTokens
from application.ports.clock import Clock
from application.ports.unit_of_work import Database


@attrs.frozen
class LogOut:
    """
    End the session that a token stands for, at once and everywhere.

    Raises:
        InvalidToken: The token is not one of ours.
    """

    database: Database
    tokens: AccessTokens
    clock: Clock

    def __call__(self, token: str) -> None:
        """Read the token, revoke its session."""
        session_id = self.tokens.session_id(token)
        with self.database.writing() as work:
            work.sessions.revoke(session_id, self.clock.now())
            work.commit()
