"""How a customer is told: the channels, and what an upload asks for."""

from datetime import datetime
from enum import Enum
from urllib.parse import urlsplit
from uuid import UUID

import attrs

from domain.errors import WebhookURLForbidden

MAX_URL_CHARACTERS = 2_000
_PORT = (
    r"0*(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
)
URL_PATTERN = (
    r"^[hH][tT][tT][pP][sS]?://"
    r"(?:[!-\"$-.0-9;->A-Z^-~]+|\[[0-9A-Fa-f:.]+\])"  # no / ? # @ : [ ] \ in a host
    rf"(?::(?:{_PORT})?)?"
    r"(?:[/?#][!-\[\]-~]*)?$"
)
"""What `checked_webhook_url` takes, but for addresses of IPv6 that are none."""


class ChannelKind(Enum):
    """A way to reach a customer."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class Occasion(Enum):
    """Something worth telling; the values are the event types of webhook bodies."""

    COMPLETED = "task.completed"
    FAILED = "task.failed"


@attrs.frozen
class NotificationRequest:
    """
    What one upload asks for besides the account's own channels.

    Attributes:
        webhook: URL to call besides the account's webhooks, or None.
        occasions: What to tell of; everything unless the upload says less.
    """

    webhook: str | None = None
    occasions: frozenset[Occasion] = frozenset(Occasion)

    def __attrs_post_init__(self) -> None:
        if self.webhook is not None:
            checked_webhook_url(self.webhook, pointer="/webhook")


@attrs.frozen
class Webhook:
    """
    A URL that is called whenever a task of its user ends.

    Attributes:
        disabled_at: When the receiver said that it wants no more; None while it is called.
    """

    id: UUID
    user_id: UUID
    url: str
    created_at: datetime
    disabled_at: datetime | None = None


def checked_webhook_url(url: str, *, pointer: str) -> str:
    """
    Return *url* if it has the form of a webhook's, or refuse it.

    Whether its address may be called at all is judged by `WebhookGuard` and, at each call, by the
    guarded client.
    """
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        raise WebhookURLForbidden("must be a URL", pointer=pointer) from None
    if (
        len(url) > MAX_URL_CHARACTERS
        or not (url.isascii() and url.isprintable())
        or any(sign in url for sign in " \\")
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or "@" in parts.netloc
        or not port_is_valid
    ):
        raise WebhookURLForbidden(
            "must be an http or https URL without user name, at most 2000 characters",
            pointer=pointer,
        )
    return url
