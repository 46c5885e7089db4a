"""Messages that wait to be published."""

from collections.abc import Sequence
from datetime import timedelta

from adapters.persistence.connection import Connection
from application.ports.message_publisher import Message
from application.ports.repositories.outbox import Outbox, OutboxEntry
from domain.tasks.priority import Priority


class SqlOutbox(Outbox):
    """Messages in the table `outbox`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.has_new_due = False
        """Whether this transaction added a message that is due at once: time to ring."""

    def add(self, message: Message, *, delay: timedelta = timedelta()) -> None:
        self._connection.change(
            """
            INSERT INTO outbox (kind, subject_id, correlation_id, priority, due_at, created_at)
            VALUES (
                :kind, :subject_id, :correlation_id, :priority, clock_after(:delay), clock_now()
            )
            """,
            kind=message.kind,
            subject_id=message.subject_id,
            correlation_id=message.correlation_id,
            priority=message.priority.value,
            delay=delay.total_seconds(),
        )
        self.has_new_due = self.has_new_due or not delay

    def take_due(self, limit: int, lease: timedelta) -> Sequence[OutboxEntry]:
        entries: list[OutboxEntry] = []
        for priority in Priority:
            if len(entries) < limit:
                entries += self._take_due(priority, limit - len(entries), lease)
        return entries

    def _take_due(self, priority: Priority, limit: int, lease: timedelta) -> Sequence[OutboxEntry]:
        rows = self._connection.rows(
            """
            WITH due AS (
                SELECT id FROM outbox WHERE priority = :priority AND due_at <= clock_now()
                ORDER BY due_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
            )
            UPDATE outbox SET due_at = clock_after(:lease) WHERE id IN (SELECT id FROM due)
            RETURNING id, kind, subject_id, correlation_id
            """,
            priority=priority.value,
            limit=limit,
            lease=lease.total_seconds(),
        )
        return [
            OutboxEntry(row[0], Message(row[1], self._connection.as_uuid(row[2]), row[3], priority))
            for row in sorted(rows, key=lambda row: int(row[0]))
        ]

    def release(self, entry_ids: Sequence[int], delay: timedelta) -> None:
        for entry_id in entry_ids:
            self._connection.change(
                "UPDATE outbox SET due_at = clock_after(:delay) WHERE id = :id",
                id=entry_id,
                delay=delay.total_seconds(),
            )

    def has_due(self) -> bool:
        return bool(
            self._connection.rows(
                """
                SELECT 1 FROM outbox
                WHERE priority IN ('interactive', 'batch') AND due_at <= clock_now() LIMIT 1
                """
            )
        )

    def remove(self, entry_ids: Sequence[int]) -> None:
        for entry_id in entry_ids:
            self._connection.change("DELETE FROM outbox WHERE id = :id", id=entry_id)

    def count(self) -> int:
        row = self._connection.row("SELECT count(*) FROM outbox")
        return int(row[0]) if row else 0
