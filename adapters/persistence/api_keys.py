"""API keys."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from adapters.persistence.connection import Connection, Row, TextArray
from adapters.persistence.users import COLUMNS as USER_COLUMNS
from adapters.persistence.users import user_from
from application.ports.repositories.api_keys import APIKeys
from domain.users.api_key import APIKey
from domain.users.scopes import Scope
from domain.users.user import User

_COLUMNS = """
    k.id, k.user_id, k.name, k.secret_sha256, k.scopes, k.presets, k.created_at, k.expires_at,
    k.last_used_at, k.revoked_at
"""
_OF_USER = f"""
    SELECT {_COLUMNS} FROM api_keys k WHERE k.user_id = :user_id ORDER BY k.created_at, k.id
"""
_WITH_USER = f"""
    SELECT {USER_COLUMNS}, {_COLUMNS} FROM api_keys k JOIN users u ON u.id = k.user_id
    WHERE k.id = :id
"""
_FIRST_OF_KEY = USER_COLUMNS.count(",") + 1


class SqlAPIKeys(APIKeys):
    """API keys in the table `api_keys`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, key: APIKey) -> None:
        self._connection.change(
            """
            INSERT INTO api_keys (
                id, user_id, name, secret_sha256, scopes, presets, created_at, expires_at
            ) VALUES (
                :id, :user_id, :name, :secret_sha256, :scopes, :presets, :created_at, :expires_at
            )
            """,
            id=key.id,
            user_id=key.user_id,
            name=key.name,
            secret_sha256=key.secret_sha256,
            scopes=TextArray(sorted(scope.value for scope in key.scopes)),
            presets=None if key.presets is None else TextArray(sorted(key.presets)),
            created_at=key.created_at,
            expires_at=key.expires_at,
        )

    def of_user(self, user_id: UUID) -> Sequence[APIKey]:
        rows = self._connection.rows(_OF_USER, user_id=user_id)
        return [_key_from(self._connection, row) for row in rows]

    def with_user(self, key_id: UUID) -> tuple[APIKey, User] | None:
        read = self._connection
        row = read.row(_WITH_USER, id=key_id)
        if row is None:
            return None
        return _key_from(read, row[_FIRST_OF_KEY:]), user_from(read, row)

    def revoke(self, user_id: UUID, key_id: UUID, now: datetime) -> bool:
        return bool(
            self._connection.change(
                """
                UPDATE api_keys SET revoked_at = coalesce(revoked_at, :now)
                WHERE id = :id AND user_id = :user_id
                """,
                now=now,
                id=key_id,
                user_id=user_id,
            )
        )

    def note_use(self, key_id: UUID, at: datetime) -> None:
        self._connection.change(
            """
            UPDATE api_keys SET last_used_at = :at
            WHERE id = :id AND (last_used_at IS NULL OR last_used_at < :at)
            """,
            at=at,
            id=key_id,
        )

    def remove(self, key_ids: Iterable[UUID]) -> None:
        for key_id in key_ids:
            self._connection.change("DELETE FROM api_keys WHERE id = :id", id=key_id)


def _key_from(read: Connection, row: Row) -> APIKey:
    named = set(read.as_document(row[4]))
    return APIKey(
        id=read.as_uuid(row[0]),
        user_id=read.as_uuid(row[1]),
        name=row[2],
        secret_sha256=row[3],
        # A newer version may have given it a scope that this one does not know, nor has doors for.
        scopes=frozenset(scope for scope in Scope if scope.value in named),
        presets=None if row[5] is None else frozenset(read.as_document(row[5])),
        created_at=read.as_time(row[6]),
        expires_at=read.as_time_or_none(row[7]),
        last_used_at=read.as_time_or_none(row[8]),
        revoked_at=read.as_time_or_none(row[9]),
    )
