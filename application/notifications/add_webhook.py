"""Have a URL called whenever a task ends."""

import attrs

from application.actor import Actor
from application.errors import TooManyWebhooks
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.unit_of_work import Database
from domain.notifications.channel import Webhook, checked_webhook_url

MAX_WEBHOOKS = 10


@attrs.frozen
class AddWebhookRequest:
    """The URL to call, and for whom."""

    actor: Actor
    url: str


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
                raise TooManyWebhooks(f"An account may have {MAX_WEBHOOKS} webhooks; remove one.")
            webhook = Webhook(self.ids.new(), request.actor.user_id, url, self.clock.now())
            work.webhooks.add(webhook)
            work.commit()
        return webhook
