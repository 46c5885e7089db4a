"""Mails as files, for a machine without a mail server."""

import os
import secrets
from contextlib import suppress
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import structlog

from adapters.notification.recipients import checked_recipient
from adapters.notification.wording import wording_of
from application.ports.notifier import DeliveryFailed, Notice, Notifier

_log = structlog.get_logger(__name__)


class MailFolderNotifier(Notifier):
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
        self._from = Address(from_name, addr_spec=from_address)

    def send(self, address: str, notice: Notice) -> None:
        """Write the mail aside and rename it, so that nobody opens half of it."""
        message = self._message(checked_recipient(address), notice)
        moment = notice.occurred_at.astimezone(UTC)
        path = self._folder / f"{moment:%Y%m%dT%H%M%SZ}-{notice.delivery_id}.eml"
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with open(aside, "xb", opener=_open_private) as file:
                    file.write(bytes(message))
                    file.flush()
                    os.fsync(file.fileno())
                aside.replace(path)
            except OSError:
                with suppress(OSError):
                    aside.unlink()
                raise
        except OSError as error:
            raise DeliveryFailed("The mail folder cannot be written to.") from error
        _log.info("mail_written", path=str(path), delivery_id=str(notice.delivery_id))

    def _message(self, address: str, notice: Notice) -> EmailMessage:
        wording = wording_of(notice)
        message = EmailMessage()
        message["From"] = self._from
        message["To"] = Address(addr_spec=address)
        message["Subject"] = wording.subject
        message["Date"] = format_datetime(notice.occurred_at)
        message["Message-ID"] = f"<{notice.delivery_id}@{self._from.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(wording.text)
        message.add_alternative(wording.html, subtype="html")
        return message


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
