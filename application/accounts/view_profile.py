"""Look at a profile."""

from uuid import UUID

import attrs

from application.actor import Actor
from application.audit import note_alone, record_of, user_subject
from application.errors import NotFound
from application.ports.unit_of_work import Database
from domain.users.audit import AuditAction
from domain.users.roles import Permission
from domain.users.user import User


@attrs.frozen
class ViewProfileRequest:
    """
    Whose profile to show.

    Attributes:
        user: User name or id; None for the actor's own.
    """

    actor: Actor
    user: str | None = None


@attrs.frozen
class ViewProfile:
    """
    Return the actor's own profile, or another's to those who may see any, which is remembered.

    Raises:
        NotAllowed: The profile is another's and the actor is no admin.
        NotFound: An admin asked for somebody who is not there.
    """

    database: Database

    def __call__(self, request: ViewProfileRequest) -> User:
        """Load, compare, return."""
        with self.database.reading() as work:
            own = work.users.get(request.actor.user_id)
            if own is None:
                raise NotFound
            if request.user is None or request.user == str(own.id):
                return own
            if request.user.casefold() == own.username.casefold():
                return own
            request.actor.require(Permission.READ_ANY_PROFILE)
            other = work.users.by_username(request.user)
            if other is None and (user_id := _as_id(request.user)) is not None:
                other = work.users.get(user_id)
        if other is None:
            raise NotFound
        note_alone(
            self.database,
            record_of(request.actor, AuditAction.VIEW_PROFILE, user_subject(other.id)),
        )
        return other


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
