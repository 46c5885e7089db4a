"""Telling customers."""

import attrs

from entrypoints.settings import forms as form
from entrypoints.settings.field import setting


@attrs.frozen
class NotifierSettings:
    """The notifier."""

    concurrency: int = setting(4, form.whole(1, 256), "Notices at once.")
    lease_seconds: float = setting(
        120.0, form.seconds(1, 86_400), "Longer than the slowest attempt to send."
    )


@attrs.frozen
class SMTPSettings:
    """The mail server."""

    host: str | None = setting(
        None,
        form.text(),
        "Mail server; if absent, mails are written as .eml files to `mail` in the data directory.",
    )
    port: int = setting(587, form.whole(1, 65_535), "Its port.")
    username: str | None = setting(None, form.text(), "User name, if it asks for one.")
    password: str | None = setting(None, form.secret(1), "Password, if it asks for one.")
    tls: str = setting(
        "starttls", form.choice("starttls", "ssl", "none"), "How the connection is protected."
    )
    sender: str = setting(
        "safelight@localhost", form.mail_address(), "The address our mails come from."
    )
    sender_name: str = setting("Safelight", form.text(), "The name beside it.")


@attrs.frozen
class WebhookSettings:
    """Calls to customers' URLs."""

    allowed_networks: tuple[str, ...] = setting(
        (),
        form.networks(),
        "Private networks that webhooks may reach all the same; none, so that nobody looks inside.",
    )
    allow_plain_http: bool = setting(
        False, form.flag(), "Whether http:// URLs are called, or https:// alone."
    )
    timeout_seconds: float = setting(
        15.0, form.seconds(0.1, 60), "Time that one call may take in all."
    )
    key: str | None = setting(
        None,
        form.secret(32),
        "Customers' signing secrets derive from it; `keys/webhooks.key` if absent.",
    )
