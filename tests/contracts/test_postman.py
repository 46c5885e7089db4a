"""What every postman promises."""

from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import pytest

from adapters.notification.apprise_notifier import AppriseEmailNotifier, MailServer, MailTLS
from adapters.notification.mail_folder import MailFolderNotifier
from application.ports.notifier import DeliveryFailed
from application.ports.postman import LetterText, Postman
from domain.notifications.letter import TOKEN_LIFETIMES, LetterKind
from tests.builders import NOON
from tests.ports import free_port
from tests.unit.adapters.notification.sinks import MailSink

TOKEN = "st_" + "ab" * 32
ADDRESS = "ada@example.com"


@attrs.frozen
class Round:
    """A postman, what has arrived, and a postman who reaches nobody."""

    postman: Postman
    received: Callable[[], list[EmailMessage]]
    lost: Postman


def a_letter(kind: LetterKind = LetterKind.PASSWORD_RESET, **overrides: Any) -> LetterText:
    return LetterText(
        **{
            "letter_id": uuid4(),
            "kind": kind,
            "username": "Ada",
            "occurred_at": NOON,
            "base_url": "https://images.example.com",
            "new_email": "new@example.com",
            "token": TOKEN,
            "token_expires_at": NOON.replace(minute=10),
        }
        | overrides
    )


def mail_folder(tmp_path: Path) -> Iterator[Round]:
    def received() -> list[EmailMessage]:
        paths = sorted((tmp_path / "mail").glob("*.eml"))
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]

    (tmp_path / "file").touch()
    yield Round(
        MailFolderNotifier(tmp_path / "mail"),
        received,
        MailFolderNotifier(tmp_path / "file" / "mail"),
    )


def apprise(_: Path) -> Iterator[Round]:
    def postman(port: int) -> Postman:
        return AppriseEmailNotifier(
            MailServer("127.0.0.1", port, "safelight@example.com", tls=MailTLS.NONE)
        )

    sink = MailSink()
    with sink.running() as port:
        yield Round(postman(port), lambda: sink.mails, postman(free_port()))


ROUNDS = {"mail-folder": mail_folder, "apprise-email": apprise}


@pytest.fixture(params=ROUNDS)
def rounds(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Round]:
    yield from ROUNDS[request.param](tmp_path)


def bodies(mail: EmailMessage) -> list[str]:
    parts = [mail.get_body((kind,)) for kind in ("plain", "html")]
    assert all(part is not None for part in parts)
    return [part.get_content() for part in parts if part is not None]


@pytest.mark.parametrize("kind", [LetterKind.PASSWORD_RESET, LetterKind.EMAIL_VERIFICATION])
def test_the_token_is_in_both_bodies_and_in_no_header(rounds: Round, kind: LetterKind) -> None:
    rounds.postman.post(ADDRESS, a_letter(kind))

    [mail] = rounds.received()
    assert mail["To"] == ADDRESS
    assert mail["Auto-Submitted"] == "auto-generated"
    for body in bodies(mail):
        assert TOKEN in body
        assert "https://images.example.com/api/auth/" in body
        assert "14 March 2026, 12:10 UTC" in body
    assert TOKEN not in str(mail.items())


@pytest.mark.parametrize("kind", sorted({*LetterKind} - {*TOKEN_LIFETIMES}, key=str))
def test_news_of_the_account_hold_no_token(rounds: Round, kind: LetterKind) -> None:
    rounds.postman.post(ADDRESS, a_letter(kind, token=None))

    [mail] = rounds.received()
    for body in bodies(mail):
        assert "st_" not in body
        if kind is not LetterKind.WEBHOOK_DISABLED:  # which nobody has done
            assert "It was not you?" in body
        assert ("new@example.com" in body) is (kind is LetterKind.EMAIL_CHANGED)


def test_whose_account_is_gone_is_called_by_no_name(rounds: Round) -> None:
    rounds.postman.post(ADDRESS, a_letter(LetterKind.ACCOUNT_ERASED, token=None, username=None))

    [mail] = rounds.received()
    assert mail["Subject"] == "Your account was erased"
    for body in bodies(mail):
        assert "Hello," in body
        assert "None" not in body
        assert "on 14 March 2026" in body


def test_news_of_a_webhook_say_how_it_is_called_again(rounds: Round) -> None:
    rounds.postman.post(ADDRESS, a_letter(LetterKind.WEBHOOK_DISABLED, token=None))

    [mail] = rounds.received()
    for body in bodies(mail):
        assert "st_" not in body
        assert "410" in body
        assert "https://images.example.com/api/webhooks" in body
        assert "14 March 2026" in body


@pytest.mark.parametrize(
    "name",
    [
        "Ada\r\nBcc: eve@example.com\r\n\r\nhello",
        "Ada\nSubject: x",
        "<script>alert(1)</script>",
        "Ada\u202eevE",
        "=?utf-8?q?x?=",
    ],
    ids=["crlf", "lf", "script", "override", "encoded"],
)
@pytest.mark.parametrize("kind", LetterKind, ids=lambda kind: kind.value)
def test_a_name_reaches_no_header_and_no_markup(rounds: Round, kind: LetterKind, name: str) -> None:
    rounds.postman.post(ADDRESS, a_letter(kind, username=name))

    [mail] = rounds.received()
    assert mail["To"] == ADDRESS
    assert mail["Bcc"] is None and "eve" not in str(mail.items()).lower()
    assert len(mail.get_all("Subject", [])) == 1 and mail["Subject"] != "x"
    assert "<script" not in bodies(mail)[1]
    assert "\u202e" not in "".join(bodies(mail))


@pytest.mark.parametrize(
    "address", ["ada@example.com\r\nBcc: eve@example.com", "ada", "", "a@b.de, c@d.de"], ids=len
)
def test_nothing_is_sent_to_what_is_no_address(rounds: Round, address: str) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        rounds.postman.post(address, a_letter())

    assert not failed.value.transient
    assert rounds.received() == []


def test_what_does_not_arrive_may_be_sent_again_and_says_no_secret(rounds: Round) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        rounds.lost.post(ADDRESS, a_letter())

    assert failed.value.transient
    assert TOKEN not in str(failed.value) and ADDRESS not in str(failed.value)
