"""What became of each attempt."""

from collections.abc import Sequence
from uuid import UUID

from adapters.persistence.connection import Connection, Document
from application.ports.repositories.processing_log import ProcessingLog
from domain.tasks.log_entry import LogEntry


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
        return [
            LogEntry(
                task_id=read.as_uuid(row[0]),
                attempt=row[1],
                started_at=read.as_time(row[2]),
                ended_at=read.as_time(row[3]),
                outcome=row[4],
                error=row[5],
                stage_seconds=read.as_document(row[6]),
            )
            for row in rows
        ]
