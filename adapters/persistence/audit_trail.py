"""Who did what."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.persistence.connection import Connection, Row
from adapters.persistence.words import word_of
from application.ports.repositories.audit_trail import AuditFilter, AuditTrail
from domain.users.audit import AuditAction, AuditEntry, AuditOutcome, AuditRecord
from domain.words import UnknownWord

_FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 31, tzinfo=UTC)
_GREATEST_ID: Final = 2**63 - 1
_OLD: Final = "at <= clock_after(:age)"


class SqlAuditTrail(AuditTrail):
    """Entries in the table `audit_entries`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, record: AuditRecord) -> None:
        self._connection.change(
            """
            INSERT INTO audit_entries (
                at, action, outcome, user_id, key_id, command, address, subject, detail
            ) VALUES (
                clock_now(), :action, :outcome, :user_id, :key_id, :command, :address, :subject,
                :detail
            )
            """,
            action=record.action.value,
            outcome=record.outcome.value,
            user_id=record.user_id,
            key_id=record.key_id,
            command=record.command,
            address=record.address,
            subject=record.subject,
            detail=record.detail,
        )

    def page(
        self, wanted: AuditFilter, before: tuple[datetime, int] | None, limit: int
    ) -> Sequence[AuditEntry]:
        before_at, before_id = before or (_LAST, _GREATEST_ID)
        choices: dict[str, object] = {
            "action": wanted.action and wanted.action.value,
            "user_id": wanted.user_id,
            "subject": wanted.subject,
        }
        chosen = {name: value for name, value in choices.items() if value is not None}
        # Each choice has an index that begins with it, and goes on in the order of pages.
        where = "".join(f"{name} = :{name} AND " for name in chosen)
        rows = self._connection.rows(
            f"""
            SELECT id, at, action, outcome, user_id, key_id, command, address, subject, detail
            FROM audit_entries
            WHERE {where}(at, id) < (:before_at, :before_id) AND at >= :since AND at < :until
            ORDER BY at DESC, id DESC LIMIT :limit
            """,
            **chosen,
            before_at=before_at,
            before_id=before_id,
            since=wanted.since or _FIRST,
            until=wanted.until or _LAST,
            limit=limit,
        )
        return [_entry_from(self._connection, row) for row in rows]

    def count_older_than(self, age: timedelta) -> int:
        row = self._connection.row(
            f"SELECT count(*) FROM audit_entries WHERE {_OLD}", age=-age.total_seconds()
        )
        return int(row[0]) if row else 0

    def remove_older_than(self, age: timedelta, limit: int) -> int:
        return self._connection.change(
            f"""
            DELETE FROM audit_entries WHERE id IN (
                SELECT id FROM audit_entries WHERE {_OLD} ORDER BY at, id LIMIT :limit
            )
            """,
            age=-age.total_seconds(),
            limit=limit,
        )


def _entry_from(read: Connection, row: Row) -> AuditEntry:
    return AuditEntry(
        id=row[0],
        at=read.as_time(row[1]),
        record=AuditRecord(
            action=word_of(AuditAction, row[2], UnknownWord),
            outcome=word_of(AuditOutcome, row[3], UnknownWord),
            user_id=None if row[4] is None else read.as_uuid(row[4]),
            key_id=None if row[5] is None else read.as_uuid(row[5]),
            command=row[6],
            address=row[7],
            subject=row[8],
            detail=row[9],
        ),
    )
