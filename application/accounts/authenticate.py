"""Find out who is asking."""

import attrs

from application.actor import Actor
from application.ports.access_tokens import AccessTokens, InvalidToken
from application.ports.clock import Clock
from application.ports.unit_of_work import Database


@attrs.frozen
class Authenticate:
    """
    Turn an access token into an actor.

    The session and the roles are read anew for every request, so that signing out and a change
    of roles work at once.

    Raises:
        InvalidToken: The token is not good, or its session has ended.
    """

    database: Database
    tokens: AccessTokens
    clock: Clock

    def __call__(self, token: str) -> Actor:
        """Read the token, look up its session."""
        session_id = self.tokens.session_id(token)
        with self.database.reading() as work:
            found = work.sessions.with_user(session_id)
        session, user = found or (None, None)
        if session is None or user is None or not session.is_live(self.clock.now()):
            raise InvalidToken("The access token is not valid; sign in again.")
        return Actor(user.id, user.roles)
