"""Go on with a session."""

from datetime import datetime, timedelta
from typing import Final

import attrs

from application.accounts.session_tokens import SessionTokens, SignedIn
from application.audit import user_subject
from application.errors import NotAuthenticated
from application.ports.clock import Clock
from application.ports.repositories.sessions import RefreshToken
from application.ports.unit_of_work import Database, UnitOfWork
from domain.users.audit import AuditAction, AuditRecord
from domain.users.session import Session

GRACE: Final = timedelta(seconds=10)
"""How long a token that was just exchanged is answered once more, for who missed the answer."""


class InvalidRefreshToken(NotAuthenticated):
    """The refresh token is unknown or used up, or its session has ended."""

    code = "invalid-refresh-token"

    def __init__(self) -> None:
        super().__init__("The refresh token is not good any more; sign in again.")


@attrs.frozen
class RefreshSession:
    """
    Exchange a refresh token for a new access token and the next refresh token.

    A token that is presented again has two owners, one of whom stole it, so its session ends. Only
    whoever asks again within `GRACE`, before the answer has been made use of, gets the same answer
    again: it may have been lost on the way.

    Raises:
        InvalidRefreshToken: With one and the same message, whatever is wrong.
    """

    database: Database
    session_tokens: SessionTokens
    clock: Clock

    def __call__(self, refresh_token: str, came_from: str | None = None) -> SignedIn:
        """Look up, exchange, hand out; *came_from* is an address for the audit trail."""
        tokens, now = self.session_tokens, self.clock.now()
        digest = tokens.opaque_tokens.digest(refresh_token)
        successor = tokens.opaque_tokens.successor(refresh_token)
        with self.database.reading() as work:
            presented = work.sessions.find_refresh_token(digest)
            user = None if presented is None else work.users.get(presented.session.user_id)
        if presented is None or not presented.session.is_live(now):
            raise InvalidRefreshToken
        # Not exchanged, so that it is good again once the account is enabled.
        if user is None or user.disabled_at is not None:
            raise InvalidRefreshToken
        with self.database.writing() as work:
            session = presented.session.used(now, tokens.idle)
            if work.sessions.rotate(digest, successor.sha256, now):
                goes_on = work.sessions.note_use(session)
            else:
                goes_on = self._may_have_missed_the_answer(work, digest, session, now, came_from)
            work.commit()
        if not goes_on:
            raise InvalidRefreshToken
        return tokens.hand_out(session, successor, now)

    def _may_have_missed_the_answer(
        self,
        work: UnitOfWork,
        digest: str,
        session: Session,
        now: datetime,
        came_from: str | None,
    ) -> bool:
        """Whether the token was exchanged just now; if longer ago, end the session."""
        used = work.sessions.find_refresh_token(digest)
        if used is not None and _is_just_exchanged(used, now):
            return True
        if work.sessions.revoke(session.id, now):
            work.audit.add(
                AuditRecord(
                    AuditAction.END_SESSIONS,
                    address=came_from,
                    subject=user_subject(session.user_id),
                    detail="a refresh token came twice",
                )
            )
        return False


def _is_just_exchanged(token: RefreshToken, now: datetime) -> bool:
    return (
        token.used_at is not None
        and now < token.used_at + GRACE
        and not token.successor_used
        and token.session.is_live(now)
    )
