"""Have a URL called whenever a task ends."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import attrs

from application.actor import Actor
from application.errors import TooManyWebhooks
from application.idempotency import IdempotencyKey, RequestInProgress
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.repositories.idempotency_keys import TwinRequest
from application.ports.unit_of_work import Database
from application.ports.webhook_guard import WebhookGuard
from domain.notifications.channel import Webhook, checked_webhook_url

MAX_WEBHOOKS = 10


@attrs.frozen
class AddWebhookRequest:
    """The URL to call, and for whom."""

    actor: Actor
    url: str
    idempotency: IdempotencyKey | None = None


@attrs.frozen
class AddedWebhook:
    """The webhook; *replayed* if an earlier request of the same key added it."""

    webhook: Webhook
    replayed: bool = False


@attrs.frozen
class AddWebhook:
    """
    Call a URL whenever a task of the actor's ends; adding it twice changes nothing.

    One whose receiver had wanted no more is called again.

    Raises:
        WebhookURLForbidden: The URL does not have the form of a webhook's, or is not called.
        IdempotencyKeyReused: The key stands for another request.
        RequestInProgress: The same request has come at the same time.
        TooManyWebhooks: The account has `MAX_WEBHOOKS` already.
    """

    database: Database
    clock: Clock
    ids: Ids
    guard: WebhookGuard

    def __call__(self, request: AddWebhookRequest) -> AddedWebhook:
        """Check, look for it, save."""
        url = checked_webhook_url(request.url, pointer="/url")
        self.guard.check(url, pointer="/url")
        try:
            return self._add(url, request)
        except TwinRequest as twin:
            raise RequestInProgress from twin

    def _add(self, url: str, request: AddWebhookRequest) -> AddedWebhook:
        with self.database.writing() as work:
            work.users.hold(request.actor.user_id)  # so that they are not counted twice at once
            if request.idempotency and (reply := request.idempotency.reply(work)) is not None:
                return AddedWebhook(_webhook_of(reply, request.actor, url), replayed=True)
            there = work.webhooks.of_user(request.actor.user_id)
            for webhook in there:
                if webhook.url == url:
                    if webhook.disabled_at is not None:
                        work.webhooks.enable(webhook.id)
                        work.commit()
                    return AddedWebhook(attrs.evolve(webhook, disabled_at=None))
            if len(there) >= MAX_WEBHOOKS:
                raise TooManyWebhooks(f"An account may have {MAX_WEBHOOKS} webhooks; remove one.")
            webhook = Webhook(self.ids.new(), request.actor.user_id, url, self.clock.now())
            if request.idempotency:
                request.idempotency.remember(
                    work, id=str(webhook.id), created_at=webhook.created_at.isoformat()
                )
            work.webhooks.add(webhook)
            work.commit()
        return AddedWebhook(webhook)


def _webhook_of(reply: Mapping[str, str], actor: Actor, url: str) -> Webhook:
    created_at = datetime.fromisoformat(reply["created_at"])
    return Webhook(UUID(reply["id"]), actor.user_id, url, created_at)
