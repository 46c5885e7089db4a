"""Make an administrator, the first one above all."""

from typing import Final
from uuid import UUID

import attrs

from application.audit import Operator, record_of, user_subject
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.password_hasher import PasswordHasher
from application.ports.unit_of_work import Database
from domain.errors import InvalidParameter
from domain.users.audit import AuditAction
from domain.users.roles import Role
from domain.users.user import User, checked_email, checked_password, checked_username

MIN_ADMIN_PASSWORD_CHARACTERS: Final = 12
_MIN_DIFFERENT: Final = 5


@attrs.frozen
class CreateAdminRequest:
    """Who is to look after the platform."""

    operator: Operator
    username: str
    email: str
    password: str = attrs.field(repr=False)


@attrs.frozen
class CreateAdmin:
    """
    Open an account with the roles `user` and `admin`.

    Raises:
        InvalidParameter: Name, address or password does not have its form, or the password is weak.
        UsernameTaken, EmailTaken: There is such an account; it can be given the role.
    """

    database: Database
    hasher: PasswordHasher
    clock: Clock
    ids: Ids

    def __call__(self, request: CreateAdminRequest) -> UUID:
        """Check, hash, save; return the account's id."""
        username, email = checked_username(request.username), checked_email(request.email)
        password = _checked_strong(request.password, username, email)
        now = self.clock.now()
        user = User(
            id=self.ids.new(),
            username=username,
            email=email,
            password_hash=self.hasher.hash(password),
            roles=frozenset({Role.USER, Role.ADMIN}),
            created_at=now,
            updated_at=now,
        )
        record = record_of(request.operator, AuditAction.CREATE_ADMIN, user_subject(user.id))
        with self.database.writing() as work:
            work.users.add(user)
            work.audit.add(record)
            work.commit()
        return user.id


def _checked_strong(text: str, username: str, email: str) -> str:
    """Return *text*, or refuse what is too weak for somebody who may do everything."""
    password = checked_password(text)
    weakness = None
    if len(password) < MIN_ADMIN_PASSWORD_CHARACTERS:
        weakness = f"must have at least {MIN_ADMIN_PASSWORD_CHARACTERS} characters"
    elif len(set(password)) < _MIN_DIFFERENT:
        weakness = f"must have at least {_MIN_DIFFERENT} different characters"
    elif any(name.casefold() in password.casefold() for name in (username, email)):
        weakness = "must not hold the user name or the address"
    if weakness is not None:
        raise InvalidParameter(weakness, pointer="/password")
    return password
