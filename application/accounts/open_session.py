"""Let somebody in, however they have shown who they are."""

from datetime import datetime
from typing import Final

import attrs

from application.accounts.session_tokens import SessionTokens, SignedIn
from application.ports.ids import Ids
from application.ports.unit_of_work import UnitOfWork
from domain.users.session import Session
from domain.users.user import User

MAX_SESSIONS: Final = 50
"""Sessions of one account at a time; a further sign-in ends the one that was used longest ago."""
MAX_ENDED_SESSIONS: Final = 50
"""Sessions of one account that are over and remembered."""


@attrs.frozen
class OpenSession:
    """Write a new session down, in the caller's transaction, and return its tokens."""

    session_tokens: SessionTokens
    ids: Ids

    def __call__(self, work: UnitOfWork, user: User, client: str, now: datetime) -> SignedIn:
        """Make room, add; *user* is held."""
        refresh_token = self.session_tokens.opaque_tokens.make()
        session = Session(
            id=self.ids.new(),
            user_id=user.id,
            created_at=now,
            expires_at=now + self.session_tokens.session_lifetime,
            client=client,
        ).used(now, self.session_tokens.idle)
        work.sessions.revoke_beyond(user.id, now, keep=MAX_SESSIONS - 1)
        work.sessions.forget_ended(user.id, now, keep=MAX_ENDED_SESSIONS)
        work.sessions.add(session)
        work.sessions.add_refresh_token(session.id, refresh_token.sha256, now)
        return self.session_tokens.hand_out(session, refresh_token, now)
