"""Close a way into one's account."""

from uuid import UUID

import attrs

from application.actor import Actor
from application.audit import record_of, user_subject
from application.errors import LastWayIn, NotFound
from application.ports.unit_of_work import Database
from domain.users.audit import AuditAction
from domain.users.roles import Permission


@attrs.frozen
class UnlinkIdentityRequest:
    """Which identity, and who asks."""

    actor: Actor
    identity_id: UUID


@attrs.frozen
class UnlinkIdentity:
    """
    Unlink an identity from the actor's account; sessions that it began go on.

    Raises:
        InsufficientScope: The actor is an API key.
        NotFound: The actor has no such identity.
        LastWayIn: The account has no password, and no other identity.
    """

    database: Database

    def __call__(self, request: UnlinkIdentityRequest) -> None:
        """Look whose it is, remove it."""
        actor = request.actor
        actor.require(Permission.MANAGE_ACCOUNT)
        with self.database.writing() as work:
            user = work.users.hold(actor.user_id)  # so that of two who unlink at once one is last
            identities = work.identities.of_user(actor.user_id)
            if user is None or request.identity_id not in {one.id for one in identities}:
                raise NotFound
            if not user.has_password and len(identities) == 1:
                raise LastWayIn(
                    "Nothing else opens this account; set a password first: POST "
                    "/api/auth/password/forgot has a letter sent."
                )
            work.identities.remove(request.identity_id)
            work.audit.add(
                record_of(
                    actor,
                    AuditAction.UNLINK_IDENTITY,
                    user_subject(actor.user_id),
                    f"identity:{request.identity_id}",
                )
            )
            work.commit()
