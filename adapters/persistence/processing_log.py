"""What became of each attempt."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from adapters.persistence.connection import Connection, Document, Row
from application.ports.repositories.processing_log import LogFilter, LogLine, ProcessingLog
from domain.tasks.log_entry import LogEntry

_GREATEST_ID: Final = 2**63 - 1


class SqlProcessingLog(ProcessingLog):
    """Attempts in the table `processing_log`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, entry: LogEntry) -> None:
        self._connection.change(
            """
            INSERT INTO processing_log (
                task_id, attempt, started_at, ended_at, outcome, error, stage_seconds
            ) VALUES (
                :task_id, :attempt, :started_at, :ended_at, :outcome, :error, :stage_seconds
            )
            """,
            task_id=entry.task_id,
            attempt=entry.attempt,
            started_at=entry.started_at,
            ended_at=entry.ended_at,
            outcome=entry.outcome,
            error=entry.error,
            stage_seconds=Document(entry.stage_seconds),
        )

    def of_task(self, task_id: UUID) -> Sequence[LogEntry]:
        read = self._connection
        rows = read.rows(
            """
            SELECT task_id, attempt, started_at, ended_at, outcome, error, stage_seconds
            FROM processing_log WHERE task_id = :task_id ORDER BY id
            """,
            task_id=task_id,
        )
        return [self._entry_from(row) for row in rows]

    def page(self, wanted: LogFilter, before: int | None, limit: int) -> Sequence[LogLine]:
        read = self._connection
        choices = {
            "l.task_id = :task_id": ("task_id", wanted.task_id),
            "t.user_id = :user_id": ("user_id", wanted.user_id),
            "l.outcome = :outcome": ("outcome", wanted.outcome),
        }
        chosen = {text: one for text, one in choices.items() if one[1] is not None}
        rows = read.rows(
            f"""
            SELECT l.task_id, l.attempt, l.started_at, l.ended_at, l.outcome, l.error,
                l.stage_seconds, l.id, t.user_id
            FROM processing_log l JOIN tasks t ON t.id = l.task_id
            WHERE {" AND ".join([*chosen, "l.id < :before"])}
            ORDER BY l.id DESC LIMIT :limit
            """,
            **dict(chosen.values()),
            before=_GREATEST_ID if before is None else before,
            limit=limit,
        )
        return [LogLine(row[7], read.as_uuid(row[8]), self._entry_from(row)) for row in rows]

    def _entry_from(self, row: Row) -> LogEntry:
        read = self._connection
        return LogEntry(
            task_id=read.as_uuid(row[0]),
            attempt=row[1],
            started_at=read.as_time(row[2]),
            ended_at=read.as_time(row[3]),
            outcome=row[4],
            error=row[5],
            stage_seconds=read.as_document(row[6]),
        )
