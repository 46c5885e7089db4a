"""Sends letters: mails about an account."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol
from uuid import UUID

import attrs

from domain.notifications.letter import LetterKind


@attrs.frozen
class LetterText:
    """
    What a letter is to say.

    Attributes:
        letter_id: The same for every attempt.
        username: None where the account is gone.
        base_url: What people reach us by, without a slash at its end.
        new_email: The account's address, where the letter tells that it has changed.
        token: Proves whose mailbox it is, where the letter is for that.
    """

    letter_id: UUID
    kind: LetterKind
    username: str | None
    occurred_at: datetime
    base_url: str
    new_email: str | None = None
    token: str | None = attrs.field(default=None, repr=False)
    token_expires_at: datetime | None = None


class Postman(Protocol):
    """Sends letters by e-mail."""

    @abstractmethod
    def post(self, address: str, letter: LetterText) -> None:
        """
        Send *letter* to *address*.

        Raises:
            DeliveryFailed: With a reason that holds no secret and no address.
        """
