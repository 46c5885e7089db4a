"""Letters on their way, and the digests of the tokens in them, as they are remembered."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.notifications.letter import Letter, LetterKind


class Letters(Protocol):
    """
    Letters on their way.

    Those of a kind that only a newer version knows are neither due nor claimed here: its own
    processes send them.
    """

    @abstractmethod
    def add(self, letter: Letter) -> None:
        """Add a letter."""

    @abstractmethod
    def count_to(self, address: str, kind: LetterKind, since: datetime) -> int:
        """Return how many were asked for to an address, whatever its case, since then."""

    @abstractmethod
    def claim(self, letter_id: UUID, lease: timedelta) -> Letter | None:
        """Claim a pending, due letter for *lease*, or return None: somebody else's, or done."""

    @abstractmethod
    def save(self, letter: Letter) -> None:
        """Save a claimed letter after an attempt."""

    @abstractmethod
    def remove(self, letter_id: UUID) -> None:
        """Forget a letter, and whom it went to."""

    @abstractmethod
    def postpone(self, letter_id: UUID, delay: timedelta) -> None:
        """Leave a pending letter out of `due` for *delay*, so that one ring is not made twice."""

    @abstractmethod
    def has_due(self) -> bool:
        """Whether `due` would return any."""

    @abstractmethod
    def due(self, limit: int) -> Sequence[Letter]:
        """
        Return pending letters whose time has come and that nobody holds, oldest first.

        They are kept from others who ask for the same until the transaction ends.
        """

    @abstractmethod
    def keep_token(self, letter_id: UUID, user_id: UUID, sha256: str, expires_at: datetime) -> None:
        """Remember the token of a letter's attempt by its digest, in place of an earlier one."""

    @abstractmethod
    def by_token(self, kind: LetterKind, sha256: str, now: datetime) -> Letter | None:
        """Return the letter of a kind whose token this is, if it is good."""

    @abstractmethod
    def use_token(self, kind: LetterKind, sha256: str, now: datetime) -> bool:
        """
        Use a token up.

        Returns False, and changes nothing, if it is not good; of any number who try at once, one
        succeeds.
        """

    @abstractmethod
    def void_tokens(self, user_id: UUID, kind: LetterKind, now: datetime) -> None:
        """Let no token in a user's letters of a kind be good any more."""
