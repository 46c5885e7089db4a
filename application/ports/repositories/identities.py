"""Identities at providers, as they are remembered, and sign-ins that are under way."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.errors import AlreadyExists
from domain.users.identity import Identity, SignInAttempt


class IdentityTaken(AlreadyExists):
    """The identity is linked already."""


class Identities(Protocol):
    """Who people are to providers."""

    @abstractmethod
    def add(self, identity: Identity) -> None:
        """Add an identity, or raise `IdentityTaken`."""

    @abstractmethod
    def find(self, issuer: str, subject: str) -> Identity | None:
        """Return the identity, to the letter."""

    @abstractmethod
    def of_user(self, user_id: UUID) -> Sequence[Identity]:
        """Return those of an account, oldest first."""

    @abstractmethod
    def note_use(self, identity_id: UUID, email: str | None, at: datetime) -> None:
        """Remember that it signed somebody in, and what address the provider named."""

    @abstractmethod
    def remove(self, identity_id: UUID) -> None:
        """Remove an identity."""


class SignInAttempts(Protocol):
    """Sign-ins through providers that are under way."""

    @abstractmethod
    def add(self, attempt: SignInAttempt, now: datetime) -> None:
        """Add an attempt, and forget those that have expired by *now*."""

    @abstractmethod
    def take(
        self, state_sha256: str, browser_sha256: str, provider: str, now: datetime
    ) -> SignInAttempt | None:
        """
        Return the attempt, once, if it has not expired by *now*.

        Whoever does not know all three finds nothing, and takes nothing from whoever does.
        """
