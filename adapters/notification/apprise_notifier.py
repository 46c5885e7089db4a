"""E-mail by Apprise."""

import logging
import re
from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from adapters.notification.letter_wording import letter_wording_of
from adapters.notification.recipients import checked_recipient
from adapters.notification.wording import Wording, wording_of
from application.ports.notifier import DeliveryFailed, Notice, Notifier
from application.ports.postman import LetterText, Postman

if TYPE_CHECKING:
    from apprise import Apprise

# The codes by which a mail server says that a mailbox does not exist or never takes our mail;
# other refusals of the 500s may be a server's bad day (RFC 5321 §4.2.3).
_NO_SUCH_MAILBOX = (550, 551, 553)
_SMTP_CODE = re.compile(r"\(([2-5]\d\d), b['\"]")


class MailTLS(Enum):
    """How the connection to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    SSL = "ssl"


_SECURE_MODE = {MailTLS.NONE: "insecure", MailTLS.STARTTLS: "starttls", MailTLS.SSL: "ssl"}


@attrs.frozen
class MailServer:
    """
    A mail server and how to use it.

    Attributes:
        port: 25 without TLS, 587 for STARTTLS and 465 for SSL, as a rule.
        socket_seconds: For each step of the conversation.
        total_seconds: For the whole of it.
    """

    host: str
    port: int
    from_address: str
    from_name: str = "Safelight"
    username: str | None = None
    password: str | None = attrs.field(default=None, repr=False)
    tls: MailTLS = MailTLS.STARTTLS
    socket_seconds: float = 10.0
    total_seconds: float = 30.0


class AppriseEmailNotifier(Notifier, Postman):
    """
    Mails notices and letters, as HTML and as text.

    Apprise is given typed values and never a URL, so nothing that a user wrote can choose a
    service or an option of it.
    """

    def __init__(self, server: MailServer) -> None:
        self._server = server
        # What Apprise logs names people's addresses: it stays inside, and we take from the
        # outcome of each call what we need.
        log = logging.getLogger("apprise")
        log.setLevel(logging.DEBUG)
        log.addHandler(logging.NullHandler())
        log.propagate = False

    def send(self, address: str, notice: Notice) -> None:
        """Hand the mail to the server; its final word on a mailbox is final for us."""
        self._mail(address, wording_of(notice), notice.delivery_id)

    def post(self, address: str, letter: LetterText) -> None:
        """Hand the mail to the server, as `send` does."""
        self._mail(address, letter_wording_of(letter), letter.letter_id)

    def _mail(self, address: str, wording: Wording, mail_id: UUID) -> None:
        # Imported here and not above: it takes a quarter of a second, which most processes never
        # need.
        from apprise import AppriseResultStatus, NotifyFormat  # noqa: PLC0415

        outcome = self._addressed_to(checked_recipient(address), mail_id).notify(
            title=wording.subject,
            body=wording.html,
            body_format=NotifyFormat.HTML,
            log_level=logging.DEBUG,
        )
        if outcome.status is AppriseResultStatus.SUCCESS:
            return
        if outcome.status is AppriseResultStatus.TIMEOUT:
            raise DeliveryFailed("The mail server did not answer in time.")
        code = _smtp_code(entry.message for entry in outcome.logs())
        if code is None:
            raise DeliveryFailed("The mail server could not be reached or broke off.")
        if code in _NO_SUCH_MAILBOX:
            raise DeliveryFailed(
                f"The mail server refused the address (SMTP {code}).", transient=False
            )
        raise DeliveryFailed(f"The mail server refused the mail (SMTP {code}).")

    def _addressed_to(self, recipient: str, mail_id: UUID) -> "Apprise":
        from apprise import Apprise, AppriseAsset  # noqa: PLC0415
        from apprise.plugins.email import NotifyEmail  # noqa: PLC0415

        server = self._server
        asset = AppriseAsset(
            app_id="Safelight",
            app_desc="Safelight",
            app_url="",
            http_redirects=False,
            async_mode=False,
            pgp_autogen=False,
            pem_autogen=False,
            storage_mode="memory",
            service_timeout=server.total_seconds,
        )
        email = NotifyEmail(  # type: ignore[no-untyped-call]  # Apprise leaves it so
            asset=asset,
            host=server.host,
            smtp_host=server.host,
            port=server.port,
            user=server.username,
            password=server.password,
            secure_mode=_SECURE_MODE[server.tls],
            from_addr="replaced@below.invalid",
            cto=server.socket_seconds,
            rto=server.socket_seconds,
            headers={
                "Auto-Submitted": "auto-generated",
                "X-Safelight-Delivery": str(mail_id),
            },
        )
        # Set after the fact: Apprise would read o'brien@example.com as a person named "o" whose
        # address is brien@example.com, and mail the link to a stranger.
        email.targets = [(False, recipient)]
        email.from_addr = [server.from_name, server.from_address]
        apprise = Apprise(asset=asset)
        apprise.add(email)
        return apprise


def _smtp_code(log: Iterable[str]) -> int | None:
    """Return the code of the server's refusal; Apprise tells of it in its log only."""
    for message in log:
        if message.startswith("Socket Exception: ") and (found := _SMTP_CODE.search(message)):
            return int(found[1])
    return None
