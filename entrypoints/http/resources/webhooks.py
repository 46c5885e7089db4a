"""URLs that are called when the caller's tasks end."""

from collections.abc import Callable
from typing import Annotated, Final, TypedDict

import attrs
import falcon

from application.actor import Actor
from application.errors import NotFound, TooManyWebhooks
from application.notifications.add_webhook import AddedWebhook, AddWebhookRequest
from application.notifications.list_webhooks import WebhooksView
from application.notifications.remove_webhook import RemoveWebhookRequest
from domain.errors import WebhookURLForbidden
from domain.notifications.channel import MAX_URL_CHARACTERS, URL_PATTERN, Webhook
from entrypoints.http.authentication import Authentication
from entrypoints.http.idempotency import idempotency_key, mark_replayed
from entrypoints.http.openapi.operation import Answer, Bare, Link, operation
from entrypoints.http.openapi.parts import LOCATION, REPLAYED
from entrypoints.http.openapi.schemas import Id, Moment, Rule
from entrypoints.http.payloads import PayloadReader, id_in_path, timestamp


@attrs.frozen
class WebhookPayload:
    """The URL to call."""

    url: Annotated[str, Rule({"pattern": URL_PATTERN, "maxLength": MAX_URL_CHARACTERS})]


class WebhookDocument(TypedDict):
    """A URL that is called when a task ends."""

    id: Id
    url: str
    createdAt: Moment
    disabledAt: Moment | None


class WebhookList(TypedDict):
    """The caller's webhooks, and the secret by which a call can be told from a forgery."""

    webhooks: list[WebhookDocument]
    signingSecret: str


_LISTED: Final = Answer(200, WebhookList, "The webhooks.")
_ADDED: Final = Answer(
    201,
    WebhookDocument,
    "It is called from now on.",
    (LOCATION, REPLAYED),
    (Link("DELETE", "/api/webhooks/{webhook_id}", {"webhook_id": "$response.body#/id"}),),
)
_REMOVED: Final = Bare(204, "It is called no longer.")


@attrs.frozen
class Webhooks:
    """`/api/webhooks`."""

    authentication: Authentication
    add_webhook: Callable[[AddWebhookRequest], AddedWebhook]
    list_webhooks: Callable[[Actor], WebhooksView]
    payloads: PayloadReader

    @operation(_LISTED)
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the webhooks, and the secret by which a call can be told from a forgery."""
        view = self.list_webhooks(self.authentication(req))
        _LISTED.write(
            resp,
            {
                "webhooks": [webhook_document(webhook) for webhook in view.webhooks],
                "signingSecret": view.signing_secret,
            },
        )

    on_head = on_get

    @operation(
        _ADDED,
        body=WebhookPayload,
        refusals=(WebhookURLForbidden, TooManyWebhooks),
        takes_key=True,
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Add a webhook."""
        actor = self.authentication(req)
        payload = self.payloads.read(req, WebhookPayload)
        key = idempotency_key(req, str(actor.user_id), payload.url)
        added = self.add_webhook(AddWebhookRequest(actor, payload.url, key))
        resp.set_header("Location", f"/api/webhooks/{added.webhook.id}")
        mark_replayed(resp, replayed=added.replayed)
        _ADDED.write(resp, webhook_document(added.webhook))


@attrs.frozen
class OneWebhook:
    """`/api/webhooks/{webhookId}`."""

    authentication: Authentication
    remove_webhook: Callable[[RemoveWebhookRequest], None]

    @operation(_REMOVED, refusals=(NotFound,))
    def on_delete(self, req: falcon.Request, resp: falcon.Response, webhook_id: str) -> None:
        """Stop calling it."""
        actor = self.authentication(req)
        self.remove_webhook(RemoveWebhookRequest(actor, id_in_path(webhook_id)))
        _REMOVED.write(resp)


def webhook_document(webhook: Webhook) -> WebhookDocument:
    """Return *webhook* as the API shows it; without `disabledAt` it is called."""
    return {
        "id": str(webhook.id),
        "url": webhook.url,
        "createdAt": timestamp(webhook.created_at),
        "disabledAt": timestamp(webhook.disabled_at),
    }
