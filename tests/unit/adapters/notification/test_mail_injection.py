"""
Nothing that a user wrote says more in a mail than it is: no header, no recipient, no second mail.

ASVS 1.3.11. The mails go to a real server; what users wrote is given to the notifier as it is, though
most of it would not get that far.
"""

import re
from collections import Counter
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import pytest

from adapters.notification.apprise_notifier import AppriseEmailNotifier, MailServer, MailTLS
from application.ports.notifier import DeliveryFailed, Notice
from application.ports.postman import LetterText
from domain.errors import InvalidParameter
from domain.images.image import safe_label
from domain.notifications.letter import LetterKind
from domain.tasks.task import Failure, FailureCode
from domain.users.user import checked_email
from tests.builders import NOON, a_result
from tests.unit.adapters.notification.notices import a_notice, a_notice_of_failure
from tests.unit.adapters.notification.sinks import MailSink

ADDRESS = "ada@example.com"
LINE_ENDS = {
    "crlf": "\r\n",
    "lf": "\n",
    "cr": "\r",
    "crlf crlf": "\r\n\r\n",
    "crlf space": "\r\n ",
    "nul": "\0",
    "vertical tab": "\v",
    "form feed": "\f",
    "file separator": "\x1c",
    "record separator": "\x1e",
    "next line": "\x85",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "end of data": "\r\n.\r\n",
    "end of data, lf": "\n.\n",
    "end of data, cr": "\r.\r",
}
INJECTED = {
    **{
        name: f"holiday{end}Bcc: eve@example.com{end}Subject: x{end}X-Injected: y{end}.jpg"
        for name, end in LINE_ENDS.items()
    },
    "another mail": "a\r\n.\r\nMAIL FROM:<eve@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n",
    "an encoded line end": "=?utf-8?q?a=0D=0ABcc:_eve@example.com?=",
    "an encoded line end in base64": "=?utf-8?b?YQ0KQmNjOiBldmVAZXhhbXBsZS5jb20=?=",
    "a percent-encoded line end": "a%0d%0aBcc: eve@example.com",
    "a long line": "x" * 2_000 + "\r\nBcc: eve@example.com",
    "markup of Apprise": "{{app_id}} mailto://eve@example.com?to=eve@example.com&bcc=eve@example.com",
}
ADDRESSES = [
    f"ada@example.com{end}Bcc: eve@example.com" for end in LINE_ENDS.values()
] + [
    *("ada\r\n@example.com", "ada@example.com\0", "ada@exam\u2028ple.com", "ada@example.com\x85"),
    *("ada@example.com>\r\nRCPT TO:<eve@example.com", "<ada@example.com>", '"a b"@example.com'),
    *("ada@example.com?bcc=eve@example.com", "ada@example.com/eve@example.com"),
    *("mailto://ada@example.com", "json://169.254.169.254", "ada@[127.0.0.1]"),
]  # fmt: skip


def notices(text: str) -> list[Notice]:
    """Notices with *text* wherever a user's word may stand."""
    return [
        a_notice(label=text),
        a_notice(label=safe_label(text)),
        a_notice(username=text),
        a_notice(variants=((a_result(variant=text), "https://pics.example/1"),)),
        a_notice_of_failure(failure=Failure(FailureCode.INTERNAL, text)),
    ]


def letters(text: str) -> list[LetterText]:
    return [
        LetterText(
            letter_id=uuid4(),
            kind=kind,
            username=text,
            occurred_at=NOON,
            base_url="https://images.example.com",
            new_email=text if kind is LetterKind.EMAIL_CHANGED else None,
        )
        for kind in (LetterKind.EMAIL_CHANGED, LetterKind.PASSWORD_RESET)
    ]


def a_notifier(port: int, **more: Any) -> AppriseEmailNotifier:
    return AppriseEmailNotifier(
        MailServer("127.0.0.1", port, "safelight@example.com", tls=MailTLS.NONE, **more)
    )


def headers_of(mail: EmailMessage) -> Counter[str]:
    return Counter(name.lower() for name in mail.keys())  # noqa: SIM118  # a name for each header


def subject_of(mail: EmailMessage) -> str:
    """Return the subject as whoever decodes it all has it."""
    raw = dict(mail.raw_items())["Subject"]
    return str(make_header(decode_header(raw.replace("\r\n", "").replace("\n", ""))))


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.fixture(scope="module")
def plain_headers() -> Counter[str]:
    """The headers of a mail in which nobody has written anything odd."""
    sink = MailSink()
    with sink.running() as port:
        a_notifier(port).send(ADDRESS, a_notice())
    return headers_of(sink.mails[0])


@pytest.mark.parametrize("text", INJECTED.values(), ids=INJECTED)
def test_a_mail_has_its_own_headers_each_once(text: str, plain_headers: Counter[str]) -> None:
    sink = MailSink()
    with sink.running() as port:
        notifier = a_notifier(port)
        for notice in notices(text):
            notifier.send(ADDRESS, notice)
        for letter in letters(text):
            notifier.post(ADDRESS, letter)

    assert len(sink.mails) == len(notices(text)) + len(letters(text))
    assert sink.recipients == [[ADDRESS]] * len(sink.mails)
    assert set(plain_headers.values()) == {1}
    for mail in sink.mails:
        assert headers_of(mail) == plain_headers
        assert mail["To"] == ADDRESS
        assert mail["From"] == "Safelight <safelight@example.com>"
        # Not even once it is decoded, which some mail programs do before they take it apart.
        assert subject_of(mail).isprintable()
        assert not re.search(r"^(Bcc|Subject|X-Injected):", text_of(mail), re.MULTILINE)
        assert not mail.defects
        assert [part.get_content_type() for part in mail.iter_parts()] == [
            *("text/plain", "text/html")
        ]


@pytest.mark.parametrize("address", ADDRESSES, ids=ascii)
def test_what_is_no_address_is_refused_at_the_door_and_at_the_server(address: str) -> None:
    sink = MailSink()
    with pytest.raises(InvalidParameter):
        checked_email(address)
    with sink.running() as port:
        for send in (
            lambda: a_notifier(port).send(address, a_notice()),
            lambda: a_notifier(port).post(address, letters("Ada")[0]),
        ):
            with pytest.raises(DeliveryFailed) as failed:
                send()
            assert not failed.value.transient

    assert sink.mails == []
