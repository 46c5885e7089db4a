# ruff: noqa: PLC0415  # so that a process loads what it uses and nothing else
"""What tells customers."""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import TYPE_CHECKING

from application.ports.clock import Clock
from application.ports.notifier import Notifier
from application.ports.signing_secrets import SigningSecrets
from application.ports.webhook_guard import WebhookGuard
from domain.notifications.channel import ChannelKind
from entrypoints.settings import Settings

if TYPE_CHECKING:
    from adapters.notification.apprise_notifier import AppriseEmailNotifier, MailServer
    from adapters.notification.mail_folder import MailFolderNotifier
    from adapters.outbound.guarded_client import GuardedClient
    from adapters.outbound.rules import OutboundRules


def email_notifier(settings: Settings) -> "MailFolderNotifier | AppriseEmailNotifier":
    server, smtp = mail_server(settings), settings.smtp
    if server is None:
        from adapters.notification.mail_folder import MailFolderNotifier

        return MailFolderNotifier(
            settings.data_dir / "mail", from_address=smtp.sender, from_name=smtp.sender_name
        )
    from adapters.notification.apprise_notifier import AppriseEmailNotifier

    return AppriseEmailNotifier(server)


def mail_server(settings: Settings) -> "MailServer | None":
    """Return the mail server, or None if mails are written to files."""
    smtp = settings.smtp
    if smtp.host is None:
        return None
    from adapters.notification.apprise_notifier import MailServer, MailTLS

    return MailServer(
        host=smtp.host,
        port=smtp.port,
        from_address=smtp.sender,
        from_name=smtp.sender_name,
        username=smtp.username,
        password=smtp.password,
        tls=MailTLS(smtp.tls),
    )


def webhook_notifier(settings: Settings, secrets: SigningSecrets, clock: Clock) -> Notifier:
    from adapters.notification.signed_webhook import SignedWebhook

    return SignedWebhook(webhook_client(settings), secrets, clock)


def webhook_client(settings: Settings) -> "GuardedClient":
    """Return what calls customers' URLs."""
    from adapters.outbound.guarded_client import GuardedClient

    return GuardedClient(_outbound_rules(settings), total_seconds=settings.webhook.timeout_seconds)


def webhook_guard(settings: Settings) -> WebhookGuard:
    from adapters.notification.rule_webhook_guard import RuleWebhookGuard

    return RuleWebhookGuard(_outbound_rules(settings))


def _outbound_rules(settings: Settings) -> "OutboundRules":
    from adapters.outbound.rules import OutboundRules

    return OutboundRules(
        allowed_networks=[ip_network(one) for one in settings.webhook.allowed_networks],
        allow_plain_http=settings.webhook.allow_plain_http,
    )


def by_channel(email: Notifier, webhook: Notifier) -> Mapping[ChannelKind, Notifier]:
    return {ChannelKind.EMAIL: email, ChannelKind.WEBHOOK: webhook}
