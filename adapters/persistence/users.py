"""Accounts."""

import unicodedata
from collections.abc import Sequence
from uuid import UUID

from adapters.persistence.connection import Connection, Row, TextArray, UniqueViolation
from application.ports.repositories.users import EmailTaken, UserFilter, UsernameTaken, Users
from domain.users.erasure import NO_PASSWORD_HASH
from domain.users.roles import Role
from domain.users.user import User

COLUMNS = """
    u.id, u.username, u.email, u.password_hash, u.roles, u.created_at, u.updated_at,
    u.disabled_at, u.email_verified_at
"""
"""What `user_from` reads, in its order."""
_WIDTH = COLUMNS.count(",") + 1

# What an erasure leaves for a day is no account.
_IS_ONE = f"u.password_hash <> '{NO_PASSWORD_HASH}'"
_GET = f"SELECT {COLUMNS} FROM users u WHERE u.id = :value AND {_IS_ONE}"
# An address is ASCII, which every database's lower() knows; of other letters it may make some, so
# what is not ASCII is nobody's address. A name is not ASCII, so its key is ours.
_HOLD = f"{_GET} FOR NO KEY UPDATE"
_BY_EMAIL = f"SELECT {COLUMNS} FROM users u WHERE lower(u.email) = lower(:value) AND {_IS_ONE}"
_BY_USERNAME = f"SELECT {COLUMNS} FROM users u WHERE u.username_key = :value AND {_IS_ONE}"
# In the order of their ids, so that two who ask at once do not wait for each other.
_HOLD_ADMINS = f"""
    SELECT {COLUMNS} FROM users u WHERE u.is_admin AND u.disabled_at IS NULL AND {_IS_ONE}
    ORDER BY u.id FOR NO KEY UPDATE
"""
_AFTER_ALL = chr(0x10FFFF)
"""Greater than whatever a name or an address may begin with, or go on with."""


class SqlUsers(Users):
    """Accounts in the table `users`; its unique indexes speak for `UsernameTaken`, `EmailTaken`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, user: User) -> None:
        self._save(
            """
            INSERT INTO users (
                id, username, username_key, email, password_hash, roles, created_at, updated_at,
                disabled_at, email_verified_at
            ) VALUES (
                :id, :username, :username_key, :email, :password_hash, :roles, :created_at,
                :updated_at, :disabled_at, :email_verified_at
            )
            """,
            created_at=user.created_at,
            **_changeable(user),
        )

    def update(self, user: User) -> None:
        self._save(
            """
            UPDATE users SET username = :username, username_key = :username_key, email = :email,
                password_hash = :password_hash, roles = :roles, updated_at = :updated_at,
                disabled_at = :disabled_at, email_verified_at = :email_verified_at
            WHERE id = :id
            """,
            **_changeable(user),
        )

    def get(self, user_id: UUID) -> User | None:
        return self._one(_GET, user_id)

    def hold(self, user_id: UUID) -> User | None:
        return self._one(_HOLD, user_id)

    def by_email(self, email: str) -> User | None:
        return self._one(_BY_EMAIL, email) if email.isascii() else None

    def by_username(self, username: str) -> User | None:
        return self._one(_BY_USERNAME, _username_key(username))

    def hold_admins(self) -> Sequence[User]:
        return [user_from(self._connection, row) for row in self._connection.rows(_HOLD_ADMINS)]

    def page(self, wanted: UserFilter, after: str | None, limit: int) -> Sequence[User]:
        prefix, by = _username_key(wanted.name), "u.username_key"
        if wanted.email is not None:
            prefix, by = wanted.email.lower(), "lower(u.email)"
        bounds = (">= :low", "> :after", "< :high")
        conditions = [_IS_ONE, *(f'{by} COLLATE "C" {bound}' for bound in bounds)]
        if wanted.role is not None:
            conditions.append("u.is_admin" if wanted.role is Role.ADMIN else "NOT u.is_admin")
        if wanted.is_disabled is not None:
            conditions.append(f"u.disabled_at IS {'NOT ' if wanted.is_disabled else ''}NULL")
        rows = self._connection.rows(
            f"""
            SELECT {COLUMNS} FROM users u WHERE {" AND ".join(conditions)}
            ORDER BY {by} COLLATE "C" LIMIT :limit
            """,
            low=prefix,
            high=prefix + _AFTER_ALL,
            after=after or "",
            limit=limit,
        )
        return [user_from(self._connection, row) for row in rows]

    def place_of(self, user: User, wanted: UserFilter) -> str:
        return _username_key(user.username) if wanted.email is None else user.email.lower()

    def _save(self, sql: str, **values: object) -> None:
        try:
            self._connection.change(sql, **values)
        except UniqueViolation as error:
            if error.index == "users_email":
                raise EmailTaken("An account with this e-mail address exists.") from error
            if "username_key" in error.index:
                raise UsernameTaken("This user name is taken; choose another.") from error
            raise

    def _one(self, sql: str, value: object) -> User | None:
        row = self._connection.row(sql, value=value)
        return None if row is None else user_from(self._connection, row)


def user_from(read: Connection, row: Row) -> User:
    """Return the account in the first columns of *row*, which are `COLUMNS`."""
    named = frozenset(read.as_document(row[4]))
    roles = frozenset(role for role in Role if role.value in named)
    return User(
        id=read.as_uuid(row[0]),
        username=row[1],
        email=row[2],
        password_hash=row[3],
        roles=roles,
        created_at=read.as_time(row[5]),
        updated_at=read.as_time(row[6]),
        disabled_at=read.as_time_or_none(row[7]),
        email_verified_at=read.as_time_or_none(row[8]),
        other_roles=named - {role.value for role in roles},
    )


def _username_key(username: str) -> str:
    """Return what user names that differ in nothing but their case have in common."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", username).casefold())


def _changeable(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "username": user.username,
        "username_key": _username_key(user.username),
        "email": user.email,
        "password_hash": user.password_hash,
        "roles": TextArray(sorted({role.value for role in user.roles} | user.other_roles)),
        "updated_at": user.updated_at,
        "disabled_at": user.disabled_at,
        "email_verified_at": user.email_verified_at,
    }
