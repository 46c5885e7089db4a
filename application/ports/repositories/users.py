"""Accounts, as they are remembered."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import attrs

from application.errors import AlreadyExists
from domain.users.roles import Role
from domain.users.user import User


class UsernameTaken(AlreadyExists):
    """Another account has this user name."""

    code = "username-taken"


class EmailTaken(AlreadyExists):
    """Another account has this e-mail address."""

    code = "email-taken"


@attrs.frozen
class UserFilter:
    """
    Which accounts are meant; None for whichever.

    Attributes:
        name: How the user name begins, whatever the case.
        email: How the address begins, whatever the case; set, it counts instead of the name.
        role: Admins, or those who are none.
    """

    name: str = ""
    email: str | None = None
    role: Role | None = None
    is_disabled: bool | None = None


class Users(Protocol):
    """Accounts; what is left for a day of one that was erased is none."""

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

    @abstractmethod
    def hold_admins(self) -> Sequence[User]:
        """
        Return the admins who are not disabled, and keep other holders of them waiting likewise.

        Held before any other account, so that nobody waits for somebody who waits for them.
        """

    @abstractmethod
    def page(self, wanted: UserFilter, after: str | None, limit: int) -> Sequence[User]:
        """
        Return accounts in the order of their names, or of their addresses if those are looked for.

        Args:
            after: `place_of` the last one of the page before; None for the first page.
        """

    @abstractmethod
    def place_of(self, user: User, wanted: UserFilter) -> str:
        """Return where *user* stands in such pages."""
