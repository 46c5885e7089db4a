"""Look at one's webhooks."""

from collections.abc import Sequence

import attrs

from application.actor import Actor
from application.ports.signing_secrets import SigningSecrets
from application.ports.unit_of_work import Database
from domain.notifications.channel import Webhook


@attrs.frozen
class WebhooksView:
    """
    A user's webhooks.

    Attributes:
        signing_secret: Signs every call of this user's, per-upload ones too.
    """

    webhooks: Sequence[Webhook]
    signing_secret: str = attrs.field(repr=False)


@attrs.frozen
class ListWebhooks:
    """Return the actor's webhooks and the secret that signs their calls."""

    database: Database
    signing_secrets: SigningSecrets

    def __call__(self, actor: Actor) -> WebhooksView:
        """Load, derive the secret."""
        with self.database.reading() as work:
            webhooks = work.webhooks.of_user(actor.user_id)
        return WebhooksView(webhooks, self.signing_secrets.webhook_secret(actor.user_id))
