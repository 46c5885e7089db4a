"""Looks whether mails and webhooks could go out; sends none."""

import smtplib
import ssl
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from adapters.notification.apprise_notifier import MailServer, MailTLS
from adapters.outbound.guarded_client import GuardedClient
from adapters.outbound.rules import CallFailed, CallForbidden
from application.checkup import Finding, doubtful, fine, wrong

_METADATA = ip_address("169.254.169.254")
"""Where clouds hand out credentials to whoever asks."""


def check_mail(server: MailServer) -> Iterator[Finding]:
    """Connect, protect the connection, sign in, and leave."""
    place = f"{server.host}:{server.port}"
    tls = ssl.create_default_context()
    try:
        with _connected(server, tls) as client:
            client.ehlo()
            if server.tls is MailTLS.STARTTLS:
                client.starttls(context=tls)
                client.ehlo()
            yield fine(f"the mail server {place} answers, TLS: {server.tls.value}")
            if server.username is not None:
                client.login(server.username, server.password or "")
                yield fine("it lets us in")
            elif server.tls is not MailTLS.NONE and client.has_extn("auth"):
                yield doubtful(
                    "it offers to sign in, and we do not",
                    "set SAFELIGHT_SMTP_USERNAME and SAFELIGHT_SMTP_PASSWORD if it asks for that",
                )
    except smtplib.SMTPAuthenticationError as error:
        yield wrong(
            f"the mail server {place} does not let us in (SMTP {error.smtp_code})",
            "correct SAFELIGHT_SMTP_USERNAME and SAFELIGHT_SMTP_PASSWORD",
        )
    except ssl.SSLCertVerificationError as error:
        yield wrong(
            f"the certificate of {place} is not good: {error.verify_message}",
            "name the server as its certificate does, in SAFELIGHT_SMTP_HOST",
        )
    except (smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
        yield wrong(
            f"the mail server {place} does not speak TLS as we were told: {error}",
            "correct SAFELIGHT_SMTP_TLS or SAFELIGHT_SMTP_PORT: 587 is for starttls, 465 for ssl",
        )
    except (smtplib.SMTPException, OSError) as error:
        yield wrong(
            f"the mail server {place} does not answer: {error}",
            "correct SAFELIGHT_SMTP_HOST and SAFELIGHT_SMTP_PORT, or open the way to it",
        )


def check_webhooks(
    client: GuardedClient, allowed_networks: tuple[str, ...], *, allow_plain_http: bool
) -> Iterator[Finding]:
    """Look at what customers' URLs may reach; calls nothing."""
    inside = [
        network
        for network in map(ip_network, allowed_networks)
        if network.version == _METADATA.version and _METADATA in network
    ]
    if inside:
        yield wrong(
            f"webhooks may reach {_METADATA}, where clouds hand out credentials",
            "leave it out of SAFELIGHT_WEBHOOK_ALLOWED_NETWORKS",
        )
    else:
        try:
            client.check(f"http://{_METADATA}/")
        except (CallForbidden, CallFailed):
            yield fine("webhooks to addresses that are not public are refused")
        else:
            yield wrong("webhooks may reach what is not public", "report this as a fault of ours")
    if allowed_networks:
        yield doubtful(
            f"whoever has an account may call {', '.join(allowed_networks)}",
            "keep SAFELIGHT_WEBHOOK_ALLOWED_NETWORKS for machines that may be called by anybody",
        )
    if allow_plain_http:
        yield doubtful(
            "http:// is called, too: whoever listens on the way reads what is told",
            "set SAFELIGHT_WEBHOOK_ALLOW_PLAIN_HTTP=false",
        )


def _connected(server: MailServer, tls: ssl.SSLContext) -> smtplib.SMTP:
    if server.tls is MailTLS.SSL:
        return smtplib.SMTP_SSL(
            server.host, server.port, timeout=server.socket_seconds, context=tls
        )
    return smtplib.SMTP(server.host, server.port, timeout=server.socket_seconds)
