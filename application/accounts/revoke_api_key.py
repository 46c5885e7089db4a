"""End an API key."""

from uuid import UUID

import attrs

from application.actor import Actor
from application.audit import record_of
from application.errors import NotFound
from application.ports.clock import Clock
from application.ports.unit_of_work import Database
from domain.users.audit import AuditAction
from domain.users.roles import Permission


@attrs.frozen
class RevokeAPIKeyRequest:
    """Which key, and who asks."""

    actor: Actor
    key_id: UUID


@attrs.frozen
class RevokeAPIKey:
    """
    End a key of the actor's, at once and everywhere; ending it again changes nothing.

    Raises:
        InsufficientScope: The actor is a key itself.
        NotFound: The actor has none by that id.
    """

    database: Database
    clock: Clock

    def __call__(self, request: RevokeAPIKeyRequest) -> None:
        """Revoke it."""
        actor = request.actor
        actor.require(Permission.MANAGE_ACCOUNT)
        with self.database.writing() as work:
            work.users.hold(actor.user_id)  # so that of two who end it at once one does
            was_live = any(
                key.id == request.key_id and key.revoked_at is None
                for key in work.api_keys.of_user(actor.user_id)
            )
            if not work.api_keys.revoke(actor.user_id, request.key_id, self.clock.now()):
                raise NotFound
            if was_live:
                work.audit.add(
                    record_of(actor, AuditAction.REVOKE_API_KEY, f"api-key:{request.key_id}")
                )
            work.commit()
