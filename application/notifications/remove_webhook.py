"""Have a URL called no more."""

from uuid import UUID

import attrs

from application.actor import Actor
from application.errors import NotFound
from application.ports.unit_of_work import Database


@attrs.frozen
class RemoveWebhookRequest:
    """Which webhook, and who asks."""

    actor: Actor
    webhook_id: UUID


@attrs.frozen
class RemoveWebhook:
    """
    Stop calling a webhook of the actor's.

    Raises:
        NotFound: The actor has none by that id.
    """

    database: Database

    def __call__(self, request: RemoveWebhookRequest) -> None:
        """Remove it."""
        with self.database.writing() as work:
            if not work.webhooks.remove(request.actor.user_id, request.webhook_id):
                raise NotFound
            work.commit()
