"""Tasks, their results, and the claims on them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from adapters.persistence.connection import Connection, Document, Row
from adapters.serialization.pipelines import pipeline_from_document, pipeline_to_document
from application.ports.message_publisher import Message
from application.ports.unit_of_work import Outbox, Tasks
from domain.images.formats import ImageFormat
from domain.notifications.channel import NotificationRequest, Occasion
from domain.tasks.events import TaskQueued
from domain.tasks.task import Failure, FailureCode, Result, Task, TaskStatus

_COLUMNS = """
    id, image_id, user_id, pipeline, created_at, correlation_id, assets, notify, status,
    attempts, deaths, fence, failure_code, failure_detail, started_at, finished_at
"""


class SqlTasks(Tasks):
    """Tasks in the table `tasks`, results in `results`; every change mirrors to `images.status`."""

    def __init__(self, connection: Connection, outbox: Outbox) -> None:
        self._connection = connection
        self._outbox = outbox

    def add(self, task: Task) -> None:
        self._connection.change(
            """
            INSERT INTO tasks (
                id, image_id, user_id, pipeline, assets, notify, correlation_id, status,
                attempts, deaths, fence, rung_at, created_at
            ) VALUES (
                :id, :image_id, :user_id, :pipeline, :assets, :notify, :correlation_id, :status,
                :attempts, :deaths, :fence, clock_now(), :created_at
            )
            """,
            id=task.id,
            image_id=task.image_id,
            user_id=task.user_id,
            pipeline=Document(pipeline_to_document(task.pipeline)),
            assets=Document(task.assets),
            notify=_notify_to_document(task.notify),
            correlation_id=task.correlation_id,
            status=task.status.value,
            attempts=task.attempts,
            deaths=task.deaths,
            fence=task.fence,
            created_at=task.created_at,
        )
        self._tell(task, timedelta())

    def get(self, task_id: UUID) -> Task | None:
        return self._one(f"SELECT {_COLUMNS} FROM tasks WHERE id = :id", task_id)

    def newest_of(self, image_id: UUID) -> Task | None:
        return self._one(
            f"""
            SELECT {_COLUMNS} FROM tasks WHERE image_id = :id
            ORDER BY created_at DESC, id DESC LIMIT 1
            """,
            image_id,
        )

    def claim(self, task_id: UUID, lease: timedelta) -> Task | None:
        row = self._connection.row(
            f"""
            UPDATE tasks SET status = 'in progress', attempts = attempts + 1, fence = fence + 1,
                lease_until = clock_after(:lease), started_at = coalesce(started_at, clock_now())
            WHERE id = :id AND status = 'queued'
            RETURNING {_COLUMNS}
            """,
            id=task_id,
            lease=lease.total_seconds(),
        )
        if row is None:
            return None
        task = self._task_from(row, ())
        self._mirror(task)
        return task

    def extend_leases(self, held: Sequence[tuple[UUID, int]], lease: timedelta) -> None:
        for task_id, fence in held:
            self._connection.change(
                """
                UPDATE tasks SET lease_until = clock_after(:lease)
                WHERE id = :id AND fence = :fence AND status = 'in progress'
                """,
                id=task_id,
                fence=fence,
                lease=lease.total_seconds(),
            )

    def save_if_held(self, task: Task, *, delay: timedelta = timedelta()) -> bool:
        failure = task.failure
        changed = self._connection.change(
            """
            UPDATE tasks SET status = :status, deaths = :deaths, lease_until = NULL,
                rung_at = clock_after(:delay), failure_code = :failure_code,
                failure_detail = :failure_detail, finished_at = :finished_at
            WHERE id = :id AND fence = :fence AND status = 'in progress'
            """,
            id=task.id,
            fence=task.fence,
            status=task.status.value,
            deaths=task.deaths,
            delay=delay.total_seconds(),
            failure_code=None if failure is None else failure.code.value,
            failure_detail=None if failure is None else failure.detail,
            finished_at=task.finished_at,
        )
        if not changed:
            return False
        for position, result in enumerate(task.results):
            self._add_result(task.id, position, result)
        self._mirror(task)
        self._tell(task, delay)
        return True

    def expired(self, limit: int) -> Sequence[Task]:
        rows = self._connection.rows(
            f"""
            SELECT {_COLUMNS} FROM tasks
            WHERE status = 'in progress' AND lease_until <= clock_now()
            ORDER BY lease_until LIMIT :limit
            """,
            limit=limit,
        )
        return [self._task_from(row, ()) for row in rows]

    def ring_again(self, older_than: timedelta, limit: int) -> int:
        rows = self._connection.rows(
            """
            UPDATE tasks SET rung_at = clock_now()
            WHERE id IN (
                SELECT id FROM tasks
                WHERE status = 'queued' AND rung_at <= clock_after(:age)
                ORDER BY rung_at LIMIT :limit
            )
            RETURNING id, correlation_id
            """,
            age=-older_than.total_seconds(),
            limit=limit,
        )
        for task_id, correlation_id in rows:
            self._outbox.add(
                Message(TaskQueued.__name__, self._connection.as_uuid(task_id), correlation_id)
            )
        return len(rows)

    def count_by_status(self) -> dict[str, int]:
        counts = {"queued": 0, "in progress": 0}
        rows = self._connection.rows(
            """
            SELECT status, count(*) FROM tasks
            WHERE status IN ('queued', 'in progress') GROUP BY status
            """
        )
        counts.update((status, count) for status, count in rows)
        return counts

    def _one(self, sql: str, row_id: UUID) -> Task | None:
        row = self._connection.row(sql, id=row_id)
        if row is None:
            return None
        results = (
            self._results(self._connection.as_uuid(row[0]))
            if row[8] == TaskStatus.COMPLETED.value
            else ()
        )
        return self._task_from(row, results)

    def _results(self, task_id: UUID) -> tuple[Result, ...]:
        rows = self._connection.rows(
            """
            SELECT variant, file_path, format, width, height, byte_size, sha256
            FROM results WHERE task_id = :id ORDER BY position
            """,
            id=task_id,
        )
        return tuple(
            Result(
                variant=variant,
                file_path=file_path,
                format=ImageFormat(format_name),
                width=width,
                height=height,
                byte_size=byte_size,
                sha256=sha256,
            )
            for variant, file_path, format_name, width, height, byte_size, sha256 in rows
        )

    def _add_result(self, task_id: UUID, position: int, result: Result) -> None:
        self._connection.change(
            """
            INSERT INTO results (
                task_id, position, variant, file_path, format, width, height, byte_size, sha256
            ) VALUES (
                :task_id, :position, :variant, :file_path, :format, :width, :height,
                :byte_size, :sha256
            )
            """,
            task_id=task_id,
            position=position,
            variant=result.variant,
            file_path=result.file_path,
            format=result.format.value,
            width=result.width,
            height=result.height,
            byte_size=result.byte_size,
            sha256=result.sha256,
        )

    def _mirror(self, task: Task) -> None:
        """Give the image the status of its newest task."""
        self._connection.change(
            """
            UPDATE images SET status = :status, updated_at = clock_now()
            WHERE id = :image_id AND NOT EXISTS (
                SELECT 1 FROM tasks newer
                WHERE newer.image_id = :image_id AND newer.created_at > :created_at
            )
            """,
            image_id=task.image_id,
            status=task.status.value,
            created_at=task.created_at,
        )

    def _tell(self, task: Task, delay: timedelta) -> None:
        for event in task.drain_events():
            message = Message(type(event).__name__, event.task_id, task.correlation_id)
            self._outbox.add(message, delay=delay)

    def _task_from(self, row: Row, results: tuple[Result, ...]) -> Task:
        read = self._connection
        return Task(
            id=read.as_uuid(row[0]),
            image_id=read.as_uuid(row[1]),
            user_id=read.as_uuid(row[2]),
            pipeline=pipeline_from_document(read.as_document(row[3])),
            created_at=read.as_time(row[4]),
            correlation_id=row[5],
            assets=read.as_document(row[6]),
            notify=_notify_from_document(read.as_document(row[7])),
            status=TaskStatus(row[8]),
            attempts=row[9],
            deaths=row[10],
            fence=row[11],
            failure=None if row[12] is None else Failure(FailureCode(row[12]), row[13]),
            results=results,
            started_at=read.as_time_or_none(row[14]),
            finished_at=read.as_time_or_none(row[15]),
        )


def _notify_to_document(notify: NotificationRequest) -> Document:
    return Document(
        webhook=notify.webhook,
        events=sorted(occasion.value for occasion in notify.occasions),
    )


def _notify_from_document(document: dict[str, object]) -> NotificationRequest:
    webhook, events = document.get("webhook"), document.get("events")
    return NotificationRequest(
        webhook=webhook if isinstance(webhook, str) else None,
        occasions=frozenset(
            occasion
            for occasion in Occasion
            if not isinstance(events, list) or occasion.value in events
        ),
    )
