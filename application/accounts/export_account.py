"""Take along what is known of oneself."""

from collections.abc import Sequence

import attrs

from application.actor import Actor
from application.audit import note_alone, record_of, user_subject
from application.errors import NotFound
from application.ports.clock import Clock
from application.ports.unit_of_work import Database
from domain.notifications.channel import Webhook
from domain.users.api_key import APIKey
from domain.users.audit import AuditAction
from domain.users.identity import Identity
from domain.users.roles import Permission
from domain.users.session import Session
from domain.users.user import User


@attrs.frozen
class AccountExport:
    """What is known of an account besides its images and tasks, of which there are lists."""

    user: User
    sessions: Sequence[Session]
    api_keys: Sequence[APIKey]
    webhooks: Sequence[Webhook]
    identities: Sequence[Identity] = ()


@attrs.frozen
class ExportAccount:
    """
    Return what is known of the actor's account; there is a bound to how much of each it has.

    That it was taken along is remembered.

    Raises:
        InsufficientScope: The actor is an API key.
    """

    database: Database
    clock: Clock

    def __call__(self, actor: Actor) -> AccountExport:
        """Load, note."""
        actor.require(Permission.MANAGE_ACCOUNT)
        with self.database.reading() as work:
            user = work.users.get(actor.user_id)
            if user is None:
                raise NotFound
            export = AccountExport(
                user,
                work.sessions.live_of(user.id, self.clock.now()),
                work.api_keys.of_user(user.id),
                work.webhooks.of_user(user.id),
                work.identities.of_user(user.id),
            )
        note_alone(
            self.database, record_of(actor, AuditAction.EXPORT_ACCOUNT, user_subject(user.id))
        )
        return export
