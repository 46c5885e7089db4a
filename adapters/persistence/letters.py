"""Letters on their way."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from adapters.persistence.connection import Connection, Row
from adapters.persistence.words import is_known
from application.ports.repositories.letters import Letters
from domain.notifications.delivery import DeliveryStatus
from domain.notifications.letter import Letter, LetterKind

_COLUMNS = "id, kind, address, user_id, created_at, due_at, status, attempts, last_error"
# What a newer version beside this one writes is for its own notifiers.
_IS_OURS = is_known("kind", LetterKind)
_CLAIM = f"""
    UPDATE letters SET lease_until = clock_after(:lease)
    WHERE id = :id AND status = 'pending' AND due_at <= clock_now() AND {_IS_OURS}
        AND (lease_until IS NULL OR lease_until <= clock_now())
    RETURNING {_COLUMNS}
"""
_IS_DUE = f"""
    status = 'pending' AND due_at <= clock_now() AND {_IS_OURS}
        AND (lease_until IS NULL OR lease_until <= clock_now())
        AND (rung_until IS NULL OR rung_until <= clock_now())
"""
_HAS_DUE = f"SELECT 1 FROM letters WHERE {_IS_DUE} LIMIT 1"
_DUE = f"""
    SELECT {_COLUMNS} FROM letters WHERE {_IS_DUE}
    ORDER BY due_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
"""
_IS_GOOD = """
    token_sha256 = :sha256 AND kind = :kind AND token_used_at IS NULL AND token_expires_at > :now
"""
_BY_TOKEN = f"SELECT {_COLUMNS} FROM letters WHERE {_IS_GOOD}"
_USE_TOKEN = f"UPDATE letters SET token_used_at = :now WHERE {_IS_GOOD}"


class SqlLetters(Letters):
    """Letters in the table `letters`, of their tokens the digests."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, letter: Letter) -> None:
        self._connection.change(
            """
            INSERT INTO letters (
                id, kind, address, user_id, created_at, due_at, status, attempts
            ) VALUES (
                :id, :kind, :address, :user_id, :created_at, :due_at, :status, :attempts
            )
            """,
            id=letter.id,
            kind=letter.kind.value,
            address=letter.address,
            user_id=letter.user_id,
            created_at=letter.created_at,
            due_at=letter.due_at,
            status=letter.status.value,
            attempts=letter.attempts,
        )

    def count_to(self, address: str, kind: LetterKind, since: datetime) -> int:
        row = self._connection.row(
            """
            SELECT count(*) FROM letters
            WHERE lower(address) = lower(:address) AND kind = :kind AND created_at > :since
            """,
            address=address,
            kind=kind.value,
            since=since,
        )
        return int(row[0]) if row else 0

    def claim(self, letter_id: UUID, lease: timedelta) -> Letter | None:
        row = self._connection.row(_CLAIM, id=letter_id, lease=lease.total_seconds())
        return None if row is None else self._letter_from(row)

    def save(self, letter: Letter) -> None:
        self._connection.change(
            """
            UPDATE letters SET due_at = :due_at, status = :status, attempts = :attempts,
                last_error = :last_error, lease_until = NULL, rung_until = NULL
            WHERE id = :id AND status = 'pending'
            """,
            id=letter.id,
            due_at=letter.due_at,
            status=letter.status.value,
            attempts=letter.attempts,
            last_error=letter.last_error,
        )

    def remove(self, letter_id: UUID) -> None:
        self._connection.change("DELETE FROM letters WHERE id = :id", id=letter_id)

    def postpone(self, letter_id: UUID, delay: timedelta) -> None:
        self._connection.change(
            "UPDATE letters SET rung_until = clock_after(:delay) WHERE id = :id",
            id=letter_id,
            delay=delay.total_seconds(),
        )

    def has_due(self) -> bool:
        return self._connection.row(_HAS_DUE) is not None

    def due(self, limit: int) -> Sequence[Letter]:
        return [self._letter_from(row) for row in self._connection.rows(_DUE, limit=limit)]

    def keep_token(self, letter_id: UUID, user_id: UUID, sha256: str, expires_at: datetime) -> None:
        self._connection.change(
            """
            UPDATE letters SET user_id = :user_id, token_sha256 = :sha256,
                token_expires_at = :expires_at
            WHERE id = :id
            """,
            id=letter_id,
            user_id=user_id,
            sha256=sha256,
            expires_at=expires_at,
        )

    def by_token(self, kind: LetterKind, sha256: str, now: datetime) -> Letter | None:
        row = self._connection.row(_BY_TOKEN, kind=kind.value, sha256=sha256, now=now)
        return None if row is None else self._letter_from(row)

    def use_token(self, kind: LetterKind, sha256: str, now: datetime) -> bool:
        # One statement decides; whoever comes second waits for the first to commit.
        return bool(self._connection.change(_USE_TOKEN, kind=kind.value, sha256=sha256, now=now))

    def void_tokens(self, user_id: UUID, kind: LetterKind, now: datetime) -> None:
        self._connection.change(
            """
            UPDATE letters SET token_used_at = :now
            WHERE user_id = :user_id AND kind = :kind AND token_used_at IS NULL
            """,
            user_id=user_id,
            kind=kind.value,
            now=now,
        )

    def _letter_from(self, row: Row) -> Letter:
        read = self._connection
        return Letter(
            id=read.as_uuid(row[0]),
            kind=LetterKind(row[1]),
            address=row[2],
            user_id=None if row[3] is None else read.as_uuid(row[3]),
            created_at=read.as_time(row[4]),
            due_at=read.as_time(row[5]),
            status=_status_of(row[6]),
            attempts=row[7],
            last_error=row[8],
        )


def _status_of(text: str) -> DeliveryStatus:
    """Return a status; of a newer version's only tokens tell, and a letter whose token came did."""
    return next((one for one in DeliveryStatus if one.value == text), DeliveryStatus.DELIVERED)
