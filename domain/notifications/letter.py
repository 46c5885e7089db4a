"""Letters: mails about an account, some of which hold a token that proves whose mailbox it is."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Final
from uuid import UUID

import attrs

from domain.notifications.delivery import Sending


class LetterKind(Enum):
    """What a letter is about."""

    PASSWORD_RESET = "password-reset"  # noqa: S105  # no password, but its name
    PASSWORD_CHANGED = "password-changed"  # noqa: S105
    EMAIL_VERIFICATION = "email-verification"
    EMAIL_CHANGED = "email-changed"
    IDENTITY_LINKED = "identity-linked"
    ALREADY_REGISTERED = "already-registered"
    ACCOUNT_ERASED = "account-erased"
    WEBHOOK_DISABLED = "webhook-disabled"


TOKEN_LIFETIMES: Final = {
    LetterKind.PASSWORD_RESET: timedelta(minutes=10),
    LetterKind.EMAIL_VERIFICATION: timedelta(days=1),
}
"""How long the tokens in letters are good, from the moment that they are sent."""

_WORTH_SENDING: Final = timedelta(hours=1)


@attrs.define(kw_only=True)
class Letter(Sending):
    """
    A letter to one address.

    Attributes:
        user_id: None if somebody has only named an address: whether it has an account is found out
            when the letter is sent. None, too, if the account is gone.
    """

    id: UUID
    kind: LetterKind
    address: str
    user_id: UUID | None
    created_at: datetime

    def is_worth_sending(self, now: datetime) -> bool:
        """Whether whoever asked for it still waits; news of the account are always worth it."""
        return self.kind not in TOKEN_LIFETIMES or now < self.created_at + _WORTH_SENDING

    @property
    def is_farewell(self) -> bool:
        """Whether the account is gone, so that its address is to be forgotten with the letter."""
        return self.kind is LetterKind.ACCOUNT_ERASED

    def is_to(self, address: str) -> bool:
        """Whether it went to *address*, whatever the case."""
        return self.address.lower() == address.lower()
