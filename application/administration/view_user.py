"""Look at an account, whoever it belongs to."""

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
class ViewUserRequest:
    """Whose account, and who asks."""

    actor: Actor
    user_id: UUID


@attrs.frozen
class ViewUser:
    """
    Return an account; that it was looked at is remembered.

    Raises:
        NotAllowed: The actor manages no users.
        NotFound: There is none by that id.
    """

    database: Database

    def __call__(self, request: ViewUserRequest) -> User:
        """Judge, load, note."""
        request.actor.require(Permission.MANAGE_USERS)
        with self.database.reading() as work:
            user = work.users.get(request.user_id)
        if user is None:
            raise NotFound
        note_alone(
            self.database, record_of(request.actor, AuditAction.VIEW_USER, user_subject(user.id))
        )
        return user
