"""Sign out."""

import attrs

from application.audit import user_subject
from application.ports.access_tokens import AccessTokens
from application.ports.clock import Clock
from application.ports.unit_of_work import Database
from domain.users.audit import AuditAction, AuditRecord


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

    def __call__(self, token: str, address: str | None = None) -> None:
        """Read the token, revoke its session."""
        session_id = self.tokens.session_id(token)
        with self.database.writing() as work:
            found = work.sessions.with_user(session_id)
            if found is None or not work.sessions.revoke(session_id, self.clock.now()):
                return
            user_id = found[1].id
            work.audit.add(
                AuditRecord(
                    AuditAction.SIGN_OUT,
                    user_id=user_id,
                    address=address,
                    subject=user_subject(user_id),
                )
            )
            work.commit()
