"""Look for accounts."""

from collections.abc import Sequence

import attrs

from application.actor import Actor
from application.administration.paging import check_limit
from application.audit import note_alone, record_of
from application.ports.repositories.users import UserFilter
from application.ports.unit_of_work import Database
from domain.users.audit import AuditAction
from domain.users.roles import Permission
from domain.users.user import User


@attrs.frozen
class ListUsersRequest:
    """
    Which accounts, from where on, and how many.

    Attributes:
        after: `UsersPage.next_after` of the page before; None for the first page.
        limit: 1 to 100.
    """

    actor: Actor
    wanted: UserFilter = UserFilter()
    after: str | None = None
    limit: int = attrs.field(default=20, validator=check_limit)


@attrs.frozen
class UsersPage:
    """
    Some accounts, in the order of their names, or of their addresses if those were looked for.

    Attributes:
        next_after: `ListUsersRequest.after` of the page that follows; None if there is none.
    """

    users: Sequence[User]
    next_after: str | None


@attrs.frozen
class ListUsers:
    """
    Return a page of accounts; that somebody looked is remembered.

    Raises:
        NotAllowed: The actor manages no users.
    """

    database: Database

    def __call__(self, request: ListUsersRequest) -> UsersPage:
        """Judge, note, load one more than asked for, which tells whether a page follows."""
        request.actor.require(Permission.MANAGE_USERS)
        note_alone(self.database, record_of(request.actor, AuditAction.LIST_USERS))
        with self.database.reading() as work:
            found = work.users.page(request.wanted, request.after, request.limit + 1)
            users = found[: request.limit]
            if len(found) <= request.limit:
                return UsersPage(users, None)
            return UsersPage(users, work.users.place_of(users[-1], request.wanted))
