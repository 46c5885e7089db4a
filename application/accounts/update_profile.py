"""Change a profile."""

import attrs

from application.actor import Actor
from application.audit import record_of, user_subject
from application.errors import NotFound
from application.ports.clock import Clock
from application.ports.unit_of_work import Database
from domain.users.audit import AuditAction
from domain.users.roles import Permission
from domain.users.user import checked_email, checked_username


@attrs.frozen
class UpdateProfileRequest:
    """The changes; None leaves a thing as it is."""

    actor: Actor
    username: str | None = None
    email: str | None = None


@attrs.frozen
class UpdateProfile:
    """
    Change the actor's own user name, address or both.

    Raises:
        NotAllowed: The actor may not; with an API key nobody may.
        InvalidParameter: A new value does not have the form it must have.
        UsernameTaken: Another account has the name.
        EmailTaken: Another account has the address.
    """

    database: Database
    clock: Clock

    def __call__(self, request: UpdateProfileRequest) -> None:
        """Check, load, replace."""
        request.actor.require(Permission.MANAGE_ACCOUNT)
        username = None if request.username is None else checked_username(request.username)
        email = None if request.email is None else checked_email(request.email)
        with self.database.writing() as work:
            user = work.users.hold(request.actor.user_id)
            if user is None:
                raise NotFound
            changed = attrs.evolve(
                user,
                username=username or user.username,
                email=email or user.email,
                updated_at=self.clock.now(),
            )
            work.users.update(changed)
            changes = [
                name
                for name in ("username", "email")
                if getattr(changed, name) != getattr(user, name)
            ]
            if changes:
                work.audit.add(
                    record_of(
                        request.actor,
                        AuditAction.CHANGE_PROFILE,
                        user_subject(user.id),
                        ", ".join(changes),
                    )
                )
            work.commit()
