"""Accounts, as they are remembered."""

from abc import abstractmethod
from typing import Protocol
from uuid import UUID

from application.errors import AlreadyExists
from domain.users.user import User


class UsernameTaken(AlreadyExists):
    """Another account has this user name."""

    code = "username-taken"


class EmailTaken(AlreadyExists):
    """Another account has this e-mail address."""

    code = "email-taken"


class Users(Protocol):
    """Accounts."""

    @abstractmethod
    def add(self, user: User) -> None:
        """Add an account, or raise `UsernameTaken` or `EmailTaken`."""

    @abstractmethod
    def update(self, user: User) -> None:
        """Replace an account, or raise `UsernameTaken` or `EmailTaken`."""

    @abstractmethod
    def get(self, user_id: UUID) -> User | None:
        """Return the account by its id."""

    @abstractmethod
    def hold(self, user_id: UUID) -> User | None:
        """
        Return the account by its id, and keep other holders waiting until the transaction ends.

        For whoever decides by what there is and then changes it.
        """

    @abstractmethod
    def by_email(self, email: str) -> User | None:
        """Return the account by its address, whatever the case."""

    @abstractmethod
    def by_username(self, username: str) -> User | None:
        """Return the account by its name, whatever the case."""
