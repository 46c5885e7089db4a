"""Make guessing passwords slow, and nobody else's sign-in."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import attrs

from application.limits.limit_requests import refuse_if_over
from application.ports.password_hasher import HasherBusy
from application.ports.rate_limiter import Limit, RateLimiter

# Whoever goes on guessing waits for ever longer: for the end of the minute, then for that of the
# quarter of an hour, then for that of six hours.
_STEPS: Final = (
    (1, timedelta(minutes=1)),
    (2, timedelta(minutes=15)),
    (4, timedelta(hours=6)),
)
_ADDRESS_WINDOW: Final = timedelta(minutes=15)


@attrs.frozen
class GuessAllowance:
    """
    How many wrong passwords are taken; 0 for as many as come.

    Attributes:
        per_account: For one account from one address, within a minute; twice as many within a
            quarter of an hour, and four times as many within six hours.
        per_address: From one address, for whichever accounts, within a quarter of an hour.
    """

    per_account: int
    per_address: int


@attrs.frozen
class ThrottleGuesses:
    """
    Count every attempt as wrong until it proves right.

    It is counted before the password is looked at, so that a hundred at once are no way around.
    Nothing is counted of an account alone: whoever guesses locks out nobody who asks from
    elsewhere. What is counted does not depend on whether the account exists.

    Raises:
        TooManyRequests: There have been too many wrong ones.
    """

    limiter: RateLimiter
    allowance: GuessAllowance

    @contextmanager
    def one(self, email: str, address: str) -> Iterator[None]:
        """Take one guess from what is left; give it back if nobody has time to look at it."""
        limits = [*self._of_account(email, address), *self._of_address(address)]
        if limits:
            refuse_if_over(self.limiter.count(limits))
        try:
            yield
        except HasherBusy:
            if limits:
                self.limiter.take_back(limits)
            raise

    def was_right(self, email: str, address: str) -> None:
        """Give back what a right password took, and forget the wrong ones before it."""
        if of_account := self._of_account(email, address):
            self.limiter.forget(of_account)
        if of_address := self._of_address(address):
            self.limiter.take_back(of_address)

    def _of_account(self, email: str, address: str) -> Sequence[Limit]:
        most = self.allowance.per_account
        # A digest, because the text may be as long as a body, and is a person's.
        who = hashlib.sha256(email.lower().encode()).hexdigest()[:32]
        return [
            Limit("account", f"guess/{number}/{who}/{address}", most * times, window)
            for number, (times, window) in enumerate(_STEPS)
            if most
        ]

    def _of_address(self, address: str) -> Sequence[Limit]:
        most = self.allowance.per_address
        return [Limit("address", f"guess/{address}", most, _ADDRESS_WINDOW)] if most else []
