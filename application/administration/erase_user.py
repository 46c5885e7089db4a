"""Erase somebody else's account."""

from uuid import UUID

import attrs

from application.accounts.end_account import EndAccount
from application.actor import Actor
from application.audit import Doer
from application.errors import NotFound, OwnAccount
from application.ports.unit_of_work import Database
from domain.users.roles import Permission


@attrs.frozen
class EraseUserRequest:
    """Whose account, and who decides it."""

    who: Doer
    user_id: UUID


@attrs.frozen
class EraseUser:
    """
    End an account at once, and have everything that belongs to it destroyed.

    What comes of it is what its owner gets by giving it up. Returns the id of the receipt.

    Raises:
        NotAllowed: The actor manages no users.
        OwnAccount: It is the actor's, and is given up with its password.
        NotFound: There is no such account, or no longer.
        LastAdmin: Nobody would be left who looks after the platform.
    """

    database: Database
    end_account: EndAccount

    def __call__(self, request: EraseUserRequest) -> UUID:
        """Judge, hold, end it."""
        who = request.who
        if isinstance(who, Actor):
            who.require(Permission.MANAGE_USERS)
            if who.user_id == request.user_id:
                raise OwnAccount(
                    "This is your own account; DELETE /api/users/me gives it up, with its password."
                )
        with self.database.writing() as work:
            admins = work.users.hold_admins()
            user = work.users.hold(request.user_id)
            if user is None:
                raise NotFound
            erasure = self.end_account(work, user, admins, who)
            work.commit()
        return erasure.id
