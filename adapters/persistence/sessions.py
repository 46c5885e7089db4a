"""Sessions and their refresh tokens."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from adapters.persistence.connection import Connection, Row
from adapters.persistence.users import COLUMNS as USER_COLUMNS
from adapters.persistence.users import user_from
from application.ports.repositories.sessions import RefreshToken, Sessions
from domain.users.session import Session
from domain.users.user import User

_COLUMNS = """
    s.id, s.user_id, s.created_at, s.expires_at, s.idle_until, s.last_used_at, s.client,
    s.revoked_at
"""
_WIDTH = _COLUMNS.count(",") + 1
_WITH_USER = f"""
    SELECT {_COLUMNS}, {USER_COLUMNS} FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE s.id = :id
"""
_IS_LIVE = """
    s.revoked_at IS NULL AND s.expires_at > :now
        AND (s.idle_until IS NULL OR s.idle_until > :now)
"""
_LIVE_LAST_USED_FIRST = f"""
    FROM sessions s WHERE s.user_id = :user_id AND {_IS_LIVE}
    ORDER BY coalesce(s.last_used_at, s.created_at) DESC, s.id
"""
_LIVE_OF = f"SELECT {_COLUMNS} {_LIVE_LAST_USED_FIRST}"
# OFFSET alone is not understood by SQLite, nor LIMIT ALL.
_REVOKE_BEYOND = f"""
    UPDATE sessions SET revoked_at = :now WHERE id IN (
        SELECT s.id {_LIVE_LAST_USED_FIRST} LIMIT 1000000 OFFSET :keep
    )
"""
_FORGET_ENDED = f"""
    DELETE FROM sessions WHERE id IN (
        SELECT s.id FROM sessions s WHERE s.user_id = :user_id AND NOT ({_IS_LIVE})
        ORDER BY s.created_at DESC, s.id LIMIT 1000000 OFFSET :keep
    )
"""
_FIND_REFRESH_TOKEN = f"""
    SELECT {_COLUMNS}, r.used_at, n.used_at
    FROM refresh_tokens r JOIN sessions s ON s.id = r.session_id
        LEFT JOIN refresh_tokens n ON n.sha256 = r.successor_sha256
    WHERE r.sha256 = :sha256
"""


class SqlSessions(Sessions):
    """Signings-in in the table `sessions`, digests of their tokens in `refresh_tokens`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, session: Session) -> None:
        self._connection.change(
            """
            INSERT INTO sessions (
                id, user_id, created_at, expires_at, idle_until, last_used_at, client
            ) VALUES (
                :id, :user_id, :created_at, :expires_at, :idle_until, :last_used_at, :client
            )
            """,
            id=session.id,
            user_id=session.user_id,
            created_at=session.created_at,
            expires_at=session.expires_at,
            idle_until=session.idle_until,
            last_used_at=session.last_used_at,
            client=session.client,
        )

    def with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        row = self._connection.row(_WITH_USER, id=session_id)
        if row is None:
            return None
        return self._session_from(row), user_from(self._connection, row[_WIDTH:])

    def live_of(self, user_id: UUID, now: datetime) -> Sequence[Session]:
        rows = self._connection.rows(_LIVE_OF, user_id=user_id, now=now)
        return [self._session_from(row) for row in rows]

    def revoke(self, session_id: UUID, now: datetime) -> bool:
        return bool(
            self._connection.change(
                "UPDATE sessions SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL",
                id=session_id,
                now=now,
            )
        )

    def revoke_all_of(self, user_id: UUID, now: datetime, *, but: UUID | None = None) -> int:
        return self._connection.change(
            """
            UPDATE sessions SET revoked_at = :now
            WHERE user_id = :user_id AND revoked_at IS NULL AND id <> :but
            """,
            user_id=user_id,
            now=now,
            but=but or UUID(int=0),
        )

    def revoke_beyond(self, user_id: UUID, now: datetime, *, keep: int) -> int:
        return self._connection.change(_REVOKE_BEYOND, user_id=user_id, now=now, keep=keep)

    def note_use(self, session: Session) -> bool:
        return bool(
            self._connection.change(
                """
                UPDATE sessions SET last_used_at = :last_used_at, idle_until = :idle_until
                WHERE id = :id AND revoked_at IS NULL
                """,
                id=session.id,
                last_used_at=session.last_used_at,
                idle_until=session.idle_until,
            )
        )

    def forget_ended(self, user_id: UUID, now: datetime, *, keep: int) -> int:
        return self._connection.change(_FORGET_ENDED, user_id=user_id, now=now, keep=keep)

    def add_refresh_token(self, session_id: UUID, sha256: str, now: datetime) -> None:
        self._connection.change(
            """
            INSERT INTO refresh_tokens (sha256, session_id, created_at)
            VALUES (:sha256, :session_id, :now)
            """,
            sha256=sha256,
            session_id=session_id,
            now=now,
        )

    def find_refresh_token(self, sha256: str) -> RefreshToken | None:
        row = self._connection.row(_FIND_REFRESH_TOKEN, sha256=sha256)
        if row is None:
            return None
        return RefreshToken(
            self._session_from(row),
            used_at=self._connection.as_time_or_none(row[_WIDTH]),
            successor_used=row[_WIDTH + 1] is not None,
        )

    def rotate(self, sha256: str, successor_sha256: str, now: datetime) -> bool:
        # One statement decides; whoever comes second waits for the first to commit.
        rotated = self._connection.row(
            """
            UPDATE refresh_tokens SET used_at = :now, successor_sha256 = :successor
            WHERE sha256 = :sha256 AND used_at IS NULL
            RETURNING session_id
            """,
            sha256=sha256,
            successor=successor_sha256,
            now=now,
        )
        if rotated is None:
            return False
        self.add_refresh_token(self._connection.as_uuid(rotated[0]), successor_sha256, now)
        return True

    def _session_from(self, row: Row) -> Session:
        read = self._connection
        return Session(
            id=read.as_uuid(row[0]),
            user_id=read.as_uuid(row[1]),
            created_at=read.as_time(row[2]),
            expires_at=read.as_time(row[3]),
            idle_until=read.as_time_or_none(row[4]),
            last_used_at=read.as_time_or_none(row[5]),
            client=row[6],
            revoked_at=read.as_time_or_none(row[7]),
        )
