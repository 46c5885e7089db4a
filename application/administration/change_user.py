"""Change what an account may do, and whether it is let in."""

from collections.abc import Sequence
from uuid import UUID

import attrs

from application.actor import Actor
from application.audit import Doer, record_of, user_subject
from application.errors import LastAdmin, NotFound
from application.ports.clock import Clock
from application.ports.unit_of_work import Database
from domain.errors import InvalidParameter
from domain.users.audit import AuditAction
from domain.users.roles import Permission, Role
from domain.users.user import User


@attrs.frozen
class ChangeUserRequest:
    """
    Whom to change, and how; None leaves a thing as it is.

    Attributes:
        roles: All that the account has from now on.
    """

    who: Doer
    user_id: UUID
    roles: frozenset[Role] | None = None
    disabled: bool | None = None


@attrs.frozen
class ChangeUser:
    """
    Give and take roles, disable and enable; each change that is one leaves an entry.

    Whoever is disabled is not let in from then on: sessions, keys and signing in stop at once, and
    work again once the account is enabled.

    Raises:
        NotAllowed: The actor manages no users.
        InvalidParameter: No role would be left.
        NotFound: There is no such account.
        LastAdmin: Nobody would be left who may do this.
    """

    database: Database
    clock: Clock

    def __call__(self, request: ChangeUserRequest) -> User:
        """Judge, hold, save; return the account as it is now."""
        if isinstance(request.who, Actor):
            request.who.require(Permission.MANAGE_USERS)
        if request.roles is not None and not request.roles:
            raise InvalidParameter("must name at least one role", pointer="/roles")
        with self.database.writing() as work:
            # Two that take one from the other at once are thus one after the other.
            admins = work.users.hold_admins()
            before = work.users.hold(request.user_id)
            if before is None:
                raise NotFound
            after = self._changed(before, request)
            if after == before:
                return before
            _refuse_to_lock_out(before, after, admins)
            work.users.update(after)
            for action, detail in _changes(before, after):
                work.audit.add(record_of(request.who, action, user_subject(before.id), detail))
            work.commit()
        return after

    def _changed(self, user: User, request: ChangeUserRequest) -> User:
        now = self.clock.now()
        disabled_at = user.disabled_at
        if request.disabled is not None:
            disabled_at = (user.disabled_at or now) if request.disabled else None
        roles = user.roles if request.roles is None else request.roles
        if (roles, disabled_at) == (user.roles, user.disabled_at):
            return user
        return attrs.evolve(user, roles=roles, disabled_at=disabled_at, updated_at=now)


def _refuse_to_lock_out(before: User, after: User, admins: Sequence[User]) -> None:
    counts = after.is_admin and after.disabled_at is None
    if not counts and [admin.id for admin in admins] == [before.id]:
        raise LastAdmin("Nobody else looks after the platform; make somebody else admin first.")


def _changes(before: User, after: User) -> list[tuple[AuditAction, str | None]]:
    changes: list[tuple[AuditAction, str | None]] = []
    if before.roles != after.roles:
        told = [" ".join(sorted(role.value for role in one.roles)) for one in (before, after)]
        changes.append((AuditAction.CHANGE_ROLES, " → ".join(told)))
    if before.disabled_at is None and after.disabled_at is not None:
        changes.append((AuditAction.DISABLE_ACCOUNT, None))
    if before.disabled_at is not None and after.disabled_at is None:
        changes.append((AuditAction.ENABLE_ACCOUNT, None))
    return changes
