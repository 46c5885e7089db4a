"""Mails as files, for a machine without a mail server."""

import base64
import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog

from adapters.notification.letter_wording import letter_wording_of
from adapters.notification.recipients import checked_recipient
from adapters.notification.wording import Wording, wording_of
from application.ports.notifier import DeliveryFailed, Notice, Notifier
from application.ports.postman import LetterText, Postman

_log = structlog.get_logger(__name__)

_LONGEST_LINE: Final = 998
"""Bytes that a line of a mail may have (RFC 5322 §2.1.1)."""


class MailFolderNotifier(Notifier, Postman):
    """
    Writes each mail to *folder* as an `.eml` file, which every mail program opens.

    A repeated attempt replaces the file of the one before.
    """

    def __init__(
        self,
        folder: Path,
        *,
        from_address: str = "safelight@localhost",
        from_name: str = "Safelight",
    ) -> None:
        self._folder = folder
        self._from = formataddr((from_name, from_address))
        self._domain = from_address.rpartition("@")[2]

    def send(self, address: str, notice: Notice) -> None:
        """Write the mail aside and rename it, so that nobody opens half of it."""
        self._keep(address, wording_of(notice), notice.delivery_id, notice.occurred_at)

    def post(self, address: str, letter: LetterText) -> None:
        """Write the mail, as `send` does."""
        self._keep(address, letter_wording_of(letter), letter.letter_id, letter.occurred_at)

    def _keep(self, address: str, wording: Wording, mail_id: UUID, occurred_at: datetime) -> None:
        mail = self._mail(checked_recipient(address), wording, mail_id, occurred_at)
        path = self._folder / f"{occurred_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{mail_id}.eml"
        try:
            try:
                _write(path, mail)
            except FileNotFoundError:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                _write(path, mail)
        except OSError as error:
            raise DeliveryFailed("The mail folder cannot be written to.") from error
        _log.info("mail written", path=str(path), delivery_id=str(mail_id))

    def _mail(
        self, recipient: str, wording: Wording, mail_id: UUID, occurred_at: datetime
    ) -> bytes:
        """
        Return the mail as a text and the same as HTML (RFC 5322, RFC 2046 §5.1.4).

        Put together by hand: of what Python's own `email` does for a mail, which takes a hundred
        times as long, nothing is needed for heads and parts that are always the same.
        """
        boundary = f"=_{mail_id.hex}"
        head = (
            f"From: {self._from}\n"
            f"To: {recipient}\n"
            f"Subject: {_header_text(wording.subject)}\n"
            f"Date: {format_datetime(occurred_at)}\n"
            f"Message-ID: <{mail_id}@{self._domain}>\n"
            "Auto-Submitted: auto-generated\n"
            "MIME-Version: 1.0\n"
            f'Content-Type: multipart/alternative; boundary="{boundary}"\n'
        )
        parts = (_part("plain", wording.text), _part("html", wording.html))
        body = b"".join(b"\n--%b\n%b" % (boundary.encode(), part) for part in parts)
        return b"%b%b\n--%b--\n" % (head.encode(), body, boundary.encode())


def _header_text(text: str) -> str:
    """Return *text*, a single line, as a header may hold it (RFC 2047)."""
    if text.isascii() and "=?" not in text:
        return text
    return Header(text, "utf-8", header_name="Subject").encode()


def _part(subtype: str, text: str) -> bytes:
    content, encoding = text.encode(), "8bit"
    if any(len(line) > _LONGEST_LINE for line in content.split(b"\n")):
        content, encoding = base64.encodebytes(content), "base64"
    head = (
        f'Content-Type: text/{subtype}; charset="utf-8"\nContent-Transfer-Encoding: {encoding}\n\n'
    )
    return head.encode() + content


def _write(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(aside, "xb", opener=_open_private) as file:
            file.write(content)
            file.flush()
            # Once it counts as delivered, nothing else remembers what it says.
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        with suppress(OSError):
            aside.unlink()
        raise


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
