"""What every notifier promises."""

from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import attrs
import orjson
import pytest

from adapters.notification.apprise_notifier import AppriseEmailNotifier, MailServer, MailTLS
from adapters.outbound.guarded_client import GuardedClient
from adapters.outbound.rules import OutboundRules
from adapters.notification.mail_folder import MailFolderNotifier
from adapters.notification.signed_webhook import SignedWebhook
from adapters.security.signing_secrets import DerivedSigningSecrets
from application.ports.notifier import DeliveryFailed, Notifier
from tests.clocks import MovableClock
from tests.ports import free_port
from tests.unit.adapters.notification.notices import a_notice, a_notice_of_failure
from tests.unit.adapters.notification.sinks import MailSink, WebhookSink

SECRETS = DerivedSigningSecrets(b"k" * 32)


@attrs.frozen
class Channel:
    """A notifier, an address that it reaches, and what arrived there."""

    notifier: Notifier
    address: str
    received: Callable[[], list[str]]
    unreachable: Notifier
    unreachable_address: str


def text_of(mail: Any) -> str:
    return mail.get_body(("plain",)).get_content() + mail.get_body(("html",)).get_content()


@pytest.fixture(params=["mail-folder", "apprise-email", "signed-webhook"])
def channel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Channel]:
    yield from {
        "mail-folder": mail_folder,
        "apprise-email": apprise_email,
        "signed-webhook": signed_webhook,
    }[request.param](tmp_path)


def mail_folder(tmp_path: Path) -> Iterator[Channel]:
    def received() -> list[str]:
        return [
            text_of(message_from_bytes(path.read_bytes(), policy=policy.default))
            for path in sorted((tmp_path / "mail").iterdir())
        ]

    (tmp_path / "file").touch()
    yield Channel(
        MailFolderNotifier(tmp_path / "mail"),
        "ada@example.com",
        received,
        MailFolderNotifier(tmp_path / "file" / "mail"),
        "ada@example.com",
    )


def apprise_email(tmp_path: Path) -> Iterator[Channel]:
    def notifier(port: int) -> Notifier:
        return AppriseEmailNotifier(
            MailServer("127.0.0.1", port, "safelight@example.com", tls=MailTLS.NONE)
        )

    sink = MailSink()
    with sink.running() as port:
        yield Channel(
            notifier(port),
            "ada@example.com",
            lambda: [text_of(mail) for mail in sink.mails],
            notifier(free_port()),
            "ada@example.com",
        )


def signed_webhook(tmp_path: Path) -> Iterator[Channel]:
    client = GuardedClient(OutboundRules(allowed_networks=[ip_network("127.0.0.0/8")]))
    notifier = SignedWebhook(client, SECRETS, MovableClock())
    with WebhookSink().running() as sink:
        yield Channel(
            notifier,
            f"http://127.0.0.1:{sink.port}/hook",
            lambda: [
                orjson.dumps(orjson.loads(request.body)).decode() for request in sink.requests
            ],
            notifier,
            f"http://127.0.0.1:{free_port()}/hook",
        )


class TestNotifier:
    def test_tells_that_a_picture_is_done_and_where_it_is(self, channel: Channel) -> None:
        notice = a_notice()

        channel.notifier.send(channel.address, notice)

        (received,) = channel.received()
        assert notice.download_url in received
        assert notice.label in received
        assert str(notice.image_id) in received

    def test_tells_that_a_picture_failed_and_why(self, channel: Channel) -> None:
        notice = a_notice_of_failure()

        channel.notifier.send(channel.address, notice)

        (received,) = channel.received()
        assert "The file ends before the picture does." in received
        assert "truncated" in received

    def test_never_sends_the_signing_secret(self, channel: Channel) -> None:
        notice = a_notice()

        channel.notifier.send(channel.address, notice)

        assert SECRETS.webhook_secret(notice.user_id) not in "".join(channel.received())

    def test_what_did_not_arrive_may_be_tried_again_and_the_reason_names_nothing(
        self, channel: Channel
    ) -> None:
        with pytest.raises(DeliveryFailed) as failure:
            channel.unreachable.send(channel.unreachable_address, a_notice())

        assert failure.value.transient
        for word in ("127.0.0.1", "example.com", "whsec", "http", "/", "ada"):
            assert word not in str(failure.value)
