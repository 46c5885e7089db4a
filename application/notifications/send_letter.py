"""Make one attempt to send a letter."""

import random
from datetime import datetime, timedelta
from uuid import UUID

import attrs

from application.back_off import Draw
from application.notifications.send_delivery import SendOutcome
from application.ports.clock import Clock
from application.ports.notifier import DeliveryFailed
from application.ports.opaque_tokens import OpaqueToken, OpaqueTokens
from application.ports.postman import LetterText, Postman
from application.ports.telemetry import Telemetry
from application.ports.unit_of_work import Database, UnitOfWork
from domain.notifications.channel import ChannelKind
from domain.notifications.delivery import DeliveryStatus
from domain.notifications.letter import TOKEN_LIFETIMES, Letter, LetterKind
from domain.users.user import User


@attrs.frozen
class SendLetter:
    """
    Claim a due letter, send it once and record how that went.

    A token is made here and not before, so that it lies in no table, no queue and no log: its
    digest is kept, durably, before the letter goes. Each attempt has a token of its own, and the
    last one is good. Of the last letter of an account nothing stays once it is sent.

    Attributes:
        base_url: What people reach us by.
        lease: Longer than the slowest send.
    """

    database: Database
    postman: Postman
    opaque_tokens: OpaqueTokens
    clock: Clock
    telemetry: Telemetry
    base_url: str
    lease: timedelta
    draw: Draw = random.random

    def __call__(self, letter_id: UUID) -> SendOutcome:
        """Claim, send, save."""
        now = self.clock.now()
        with self.database.writing() as work:
            letter = work.letters.claim(letter_id, self.lease)
            if letter is None:
                return SendOutcome.SKIPPED
            user = _receiver(work, letter)
            has_receiver = user is not None or letter.is_farewell
            if not has_receiver or not letter.is_worth_sending(now):
                letter.fail("There is nobody to send it to any more.", now, transient=False)
                work.letters.save(letter)
                work.commit()
                return SendOutcome.SKIPPED
            token, expires_at = self._token_for(work, letter, user, now)
            work.commit()
        text = LetterText(
            letter_id=letter.id,
            kind=letter.kind,
            username=None if user is None else user.username,
            occurred_at=letter.created_at,
            base_url=self.base_url,
            new_email=user.email if user and letter.kind is LetterKind.EMAIL_CHANGED else None,
            token=None if token is None else token.text,
            token_expires_at=expires_at,
        )
        # Of an address that somebody has typed, the account's own spelling.
        address = user.email if user and letter.kind in TOKEN_LIFETIMES else letter.address
        return self._send(letter, address, text)

    def _token_for(
        self, work: UnitOfWork, letter: Letter, user: User | None, now: datetime
    ) -> tuple[OpaqueToken | None, datetime | None]:
        lifetime = TOKEN_LIFETIMES.get(letter.kind)
        if lifetime is None or user is None:
            return None, None
        token, expires_at = self.opaque_tokens.make(), now + lifetime
        work.letters.keep_token(letter.id, user.id, token.sha256, expires_at)
        return token, expires_at

    def _send(self, letter: Letter, address: str, text: LetterText) -> SendOutcome:
        try:
            self.postman.post(address, text)
            letter.succeed()
        except DeliveryFailed as error:
            letter.fail(str(error), self.clock.now(), transient=error.transient, drawn=self.draw())
        except Exception:
            # Counted like any other failure, or it would be tried for ever.
            letter.fail(
                "An error on our side.", self.clock.now(), transient=True, drawn=self.draw()
            )
            self._save(letter)
            raise
        return self._save(letter)

    def _save(self, letter: Letter) -> SendOutcome:
        with self.database.writing(durable=False) as work:
            if letter.is_farewell and letter.status is not DeliveryStatus.PENDING:
                work.letters.remove(letter.id)
            else:
                work.letters.save(letter)
            work.commit()
        outcome = {
            DeliveryStatus.DELIVERED: SendOutcome.DELIVERED,
            DeliveryStatus.FAILED: SendOutcome.FAILED,
            DeliveryStatus.PENDING: SendOutcome.RETRIED,
        }[letter.status]
        self.telemetry.count_delivery(ChannelKind.EMAIL.value, outcome.value)
        return outcome


def _receiver(work: UnitOfWork, letter: Letter) -> User | None:
    """Return whose letter it is, unless the account or its address has changed since."""
    if letter.is_farewell:
        return None
    if letter.user_id is None:
        return work.users.by_email(letter.address)
    user = work.users.get(letter.user_id)
    if user is None or letter.kind not in TOKEN_LIFETIMES:
        return user
    return user if letter.is_to(user.email) else None
