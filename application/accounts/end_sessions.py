"""Sign out elsewhere."""

from uuid import UUID

import attrs

from application.actor import Actor
from application.audit import record_of, user_subject
from application.errors import NotFound
from application.ports.clock import Clock
from application.ports.unit_of_work import Database
from domain.users.audit import AuditAction
from domain.users.roles import Permission


@attrs.frozen
class EndSessionsRequest:
    """
    Which sessions, and who asks.

    Attributes:
        session_id: None for all of the actor's but the one by which they ask.
    """

    actor: Actor
    session_id: UUID | None = None


@attrs.frozen
class EndSessions:
    """
    End one session of the actor's, or all but the present one; at once and everywhere.

    Raises:
        InsufficientScope: The actor is an API key.
        NotFound: The actor has no such session that has not ended.
    """

    database: Database
    clock: Clock

    def __call__(self, request: EndSessionsRequest) -> None:
        """Look whose it is, end it."""
        actor, now = request.actor, self.clock.now()
        actor.require(Permission.MANAGE_ACCOUNT)
        with self.database.writing() as work:
            if request.session_id is None:
                ended = work.sessions.revoke_all_of(actor.user_id, now, but=actor.session_id)
            else:
                found = work.sessions.with_user(request.session_id)
                if found is None or found[1].id != actor.user_id or not found[0].is_live(now):
                    raise NotFound
                ended = int(work.sessions.revoke(request.session_id, now))
            if ended:
                work.audit.add(
                    record_of(
                        actor,
                        AuditAction.END_SESSIONS,
                        user_subject(actor.user_id),
                        "one" if request.session_id else f"all others: {ended}",
                    )
                )
            work.commit()
