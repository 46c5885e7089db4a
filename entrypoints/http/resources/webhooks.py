"""URLs that are called when the caller's tasks end."""

from collections.abc import Callable
from typing import Any

import attrs
import falcon

from application.actor import Actor
from application.notifications.add_webhook import AddedWebhook, AddWebhookRequest
from application.notifications.list_webhooks import WebhooksView
from application.notifications.remove_webhook import RemoveWebhookRequest
from domain.notifications.channel import Webhook
from entrypoints.http.authentication import Authentication
from entrypoints.http.idempotency import idempotency_key, mark_replayed
from entrypoints.http.payloads import PayloadReader, id_in_path, timestamp, write_json


@attrs.frozen
class WebhookPayload:
    """The URL to call."""

    url: str


@attrs.frozen
class Webhooks:
    """`/api/webhooks`."""

    authentication: Authentication
    add_webhook: Callable[[AddWebhookRequest], AddedWebhook]
    list_webhooks: Callable[[Actor], WebhooksView]
    payloads: PayloadReader

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the webhooks, and the secret by which a call can be told from a forgery."""
        view = self.list_webhooks(self.authentication(req))
        write_json(
            resp,
            {
                "webhooks": [webhook_document(webhook) for webhook in view.webhooks],
                "signingSecret": view.signing_secret,
            },
        )

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Add a webhook."""
        actor = self.authentication(req)
        payload = self.payloads.read(req, WebhookPayload)
        key = idempotency_key(req, str(actor.user_id), payload.url)
        added = self.add_webhook(AddWebhookRequest(actor, payload.url, key))
        resp.set_header("Location", f"/api/webhooks/{added.webhook.id}")
        mark_replayed(resp, replayed=added.replayed)
        write_json(resp, webhook_document(added.webhook), 201)


@attrs.frozen
class OneWebhook:
    """`/api/webhooks/{webhookId}`."""

    authentication: Authentication
    remove_webhook: Callable[[RemoveWebhookRequest], None]

    def on_delete(self, req: falcon.Request, resp: falcon.Response, webhook_id: str) -> None:
        """Stop calling it."""
        actor = self.authentication(req)
        self.remove_webhook(RemoveWebhookRequest(actor, id_in_path(webhook_id)))
        resp.status = 204


def webhook_document(webhook: Webhook) -> dict[str, Any]:
    """Return *webhook* as the API shows it; without `disabledAt` it is called."""
    return {
        "id": str(webhook.id),
        "url": webhook.url,
        "createdAt": timestamp(webhook.created_at),
        "disabledAt": timestamp(webhook.disabled_at),
    }
