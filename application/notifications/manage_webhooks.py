"""A user's own webhooks: add, list, remove."""

from collections.abc import Sequence
from uuid import UUID

import attrs

from application.actor import Actor
from application.errors import NotFound, TooManyWebhooks
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.signing_secrets import SigningSecrets
from application.ports.unit_of_work import Database
from domain.notifications.channel import Webhook, checked_webhook_url

MAX_WEBHOOKS = 10


@attrs.frozen
class AddWebhookRequest:
    """The URL to call, and for whom."""

    actor: Actor
    url: str


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
class AddWebhook:
    """
    Call a URL whenever a task of the actor's ends; adding it twice changes nothing.

    Raises:
        InvalidParameter: The URL does not have the form of a webhook's.
        TooManyWebhooks: The account has `MAX_WEBHOOKS` already.
    """

    database: Database
    clock: Clock
    ids: Ids

    def __call__(self, request: AddWebhookRequest) -> Webhook:
        """Check, look for it, save."""
        url = checked_webhook_url(request.url, pointer="/url")
        with self.database.writing() as work:
            there = work.webhooks.of_user(request.actor.user_id)
            for webhook in there:
                if webhook.url == url:
                    return webhook
            if len(there) >= MAX_WEBHOOKS:
                raise TooManyWebhooks(f"An account may have {MAX_WEBHOOKS} webhooks.")
            webhook = Webhook(self.ids.new(), request.actor.user_id, url, self.clock.now())
            work.webhooks.add(webhook)
            work.commit()
        return webhook


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
