"""Tasks, their results, and the claims on them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cattrs.errors import BaseValidationError

from adapters.persistence.connection import Connection, Document, Row
from adapters.persistence.words import word_of
from adapters.serialization.analyses import (
    UnreadableAnalysis,
    analysis_from_document,
    analysis_to_document,
)
from adapters.serialization.pipelines import pipeline_from_document, pipeline_to_document
from application.ports.message_publisher import Message
from application.ports.repositories.outbox import Outbox
from application.ports.repositories.tasks import TaskFilter, Tasks
from domain.errors import DomainError
from domain.images.analysis import Analysis
from domain.images.formats import ImageFormat, UnknownFormat
from domain.images.gone import Gone
from domain.images.pipeline import Pipeline
from domain.images.preset import PresetOrigin
from domain.notifications.channel import NotificationRequest, Occasion
from domain.tasks.events import TaskCompleted, TaskEvent, TaskFailed, TaskQueued
from domain.tasks.priority import Priority
from domain.tasks.task import Failure, FailureCode, Result, Task, TaskStatus, UnknownStatus
from domain.words import UnknownWord

_COLUMNS = """
    t.id, t.image_id, t.user_id, t.pipeline, t.created_at, t.correlation_id, t.assets, t.notify,
    t.status, t.attempts, t.deaths, t.fence, t.failure_code, t.failure_detail, t.started_at,
    t.finished_at, t.priority, t.gone, t.progress, t.preset, t.analysis
"""
_GET = f"SELECT {_COLUMNS} FROM tasks t WHERE t.id = :id"
_HOLD = f"{_GET} FOR NO KEY UPDATE"
_NEWEST_OF = f"""
    SELECT {_COLUMNS} FROM images i JOIN tasks t ON t.id = i.newest_task_id WHERE i.id = :id
"""
_ANALYSES_OF = """
    SELECT t.analysis FROM tasks t
    WHERE t.image_id = :image_id AND t.status = 'completed' AND t.analysis IS NOT NULL
    ORDER BY t.created_at DESC, t.id DESC LIMIT 1
"""
_CLAIM = f"""
    UPDATE tasks SET status = 'in progress', attempts = attempts + 1, fence = fence + 1,
        lease_until = clock_after(:lease), started_at = coalesce(started_at, clock_now()),
        progress = 0
    WHERE id = :id AND status = 'queued'
    RETURNING {_COLUMNS.replace("t.", "")}
"""
_EXPIRED = f"""
    SELECT {_COLUMNS} FROM tasks t
    WHERE t.status = 'in progress' AND t.lease_until <= clock_now()
    ORDER BY t.lease_until LIMIT :limit FOR UPDATE SKIP LOCKED
"""
# A status for itself, not as a parameter: the index of those that ended badly is a partial one.
_PAGE = {
    status: f"""
        SELECT {_COLUMNS} FROM tasks t
        WHERE t.status = '{status.value}' AND t.created_at <= clock_after(:age)
            AND (t.created_at, t.id) < (:before_at, :before_id)
            AND (:code = '' OR t.failure_code = :code)
        ORDER BY t.created_at DESC, t.id DESC LIMIT :limit
    """
    for status in TaskStatus
}
_PAGE_OF = f"""
    SELECT {_COLUMNS} FROM tasks t
    WHERE t.user_id = :user_id AND (t.created_at, t.id) < (:before_at, :before_id)
        AND (:status = '' OR t.status = :status)
    ORDER BY t.created_at DESC, t.id DESC LIMIT :limit
"""
_BEFORE_ALL = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=2**128 - 1))
_ANY_AGE = timedelta(days=-3650)

# What is locked is put aside first (WITH): as a subquery of IN, PostgreSQL might ask for it anew
# for each row, and take more than the limit.
# A task whose message still waits in the outbox is left alone: while the broker is away, another
# one for each sweep would only make the outbox grow. Only the oldest are looked at: whatever is
# behind them would not be carried before them either, and a sweep costs the same however many wait.
# A long queue is no lost ring: each ring for the same task waits longer than the one before, so
# `rung_at` is put forward by as much as that is longer.
_RING_AGAIN = """
    WITH oldest AS (
        SELECT t.id FROM tasks t
        WHERE t.status = 'queued' AND t.rung_at <= clock_after(:age)
        ORDER BY t.rung_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE tasks SET rings = rings + 1,
        rung_at = CASE rings WHEN 0 THEN clock_after(:once) ELSE clock_after(:thrice) END
    WHERE id IN (SELECT id FROM oldest) AND NOT EXISTS (
        SELECT 1 FROM outbox o WHERE o.subject_id = tasks.id AND o.kind = 'TaskQueued'
    )
    RETURNING id, status, correlation_id, priority
"""
_ANNOUNCE_AGAIN = """
    WITH oldest AS (
        SELECT t.id FROM tasks t
        WHERE t.announced_at IS NULL AND t.status IN ('completed', 'failed')
            AND t.rung_at <= clock_after(:age)
        ORDER BY t.rung_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE tasks SET rung_at = clock_now()
    WHERE id IN (SELECT id FROM oldest) AND NOT EXISTS (
        SELECT 1 FROM outbox o WHERE o.subject_id = tasks.id
    )
    RETURNING id, status, correlation_id, priority
"""
# The index `tasks_needing_files` holds those alone that have not ended and came with files. Keys
# are hexadecimal: nothing in one is a wildcard, or written otherwise within a document.
_NEED_FILE = """
    SELECT 1 FROM tasks
    WHERE status IN ('queued', 'in progress') AND assets <> '{}'
        AND CAST(assets AS TEXT) LIKE :key LIMIT 1
"""
_EVENT_OF: dict[TaskStatus, type[TaskEvent]] = {
    TaskStatus.QUEUED: TaskQueued,
    TaskStatus.COMPLETED: TaskCompleted,
    TaskStatus.FAILED: TaskFailed,
}


class SqlTasks(Tasks):
    """
    Tasks in the table `tasks`, results in `results`.

    `images.newest_task_id` says whose status an image shows.
    """

    def __init__(self, connection: Connection, outbox: Outbox) -> None:
        self._connection = connection
        self._outbox = outbox

    def add_first(self, task: Task) -> None:
        """Add a task whose image has just been added with the task's status."""
        self._connection.change(
            """
            INSERT INTO tasks (
                id, image_id, user_id, pipeline, assets, notify, correlation_id, priority, status,
                attempts, deaths, fence, rung_at, created_at, preset
            ) VALUES (
                :id, :image_id, :user_id, :pipeline, :assets, :notify, :correlation_id, :priority,
                :status, :attempts, :deaths, :fence, clock_now(), :created_at, :preset
            )
            """,
            id=task.id,
            image_id=task.image_id,
            user_id=task.user_id,
            pipeline=_pipeline_document(task),
            assets=Document(task.assets),
            notify=_notify_to_document(task.notify),
            correlation_id=task.correlation_id,
            priority=task.priority.value,
            status=task.status.value,
            attempts=task.attempts,
            deaths=task.deaths,
            fence=task.fence,
            created_at=task.created_at,
            preset=None if task.preset is None else _preset_to_document(task.preset),
        )
        self._tell(task, timedelta())

    def add(self, task: Task) -> None:
        self._connection.change(
            """
            UPDATE images SET newest_task_id = :task_id, processing_task = :processing_task,
                status = :status, updated_at = clock_now()
            WHERE id = :image_id
            """,
            image_id=task.image_id,
            task_id=task.id,
            processing_task=processing_task_to_document(task),
            status=task.status.value,
        )
        self.add_first(task)

    def get(self, task_id: UUID) -> Task | None:
        return self._one(_GET, task_id)

    def hold(self, task_id: UUID) -> Task | None:
        return self._one(_HOLD, task_id)

    def newest_of(self, image_id: UUID) -> Task | None:
        return self._one(_NEWEST_OF, image_id)

    def newest_analysis_of(self, image_id: UUID) -> Analysis | None:
        row = self._connection.row(_ANALYSES_OF, image_id=image_id)
        return None if row is None else _analysis_from(self._connection.as_document(row[0]))

    def claim(self, task_id: UUID, lease: timedelta) -> Task | None:
        row = self._connection.row(_CLAIM, id=task_id, lease=lease.total_seconds())
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

    def note_progress(self, task: Task, percent: int) -> bool:
        return bool(
            self._connection.change(
                """
                UPDATE tasks SET progress = :percent
                WHERE id = :id AND fence = :fence AND status = 'in progress'
                """,
                id=task.id,
                fence=task.fence,
                percent=percent,
            )
        )

    def save_if_held(self, task: Task, *, delay: timedelta = timedelta()) -> bool:
        failure = task.failure
        changed = self._connection.change(
            """
            UPDATE tasks SET status = :status, deaths = :deaths,
                lease_until = CASE WHEN :status = 'in progress' THEN lease_until END,
                rung_at = clock_after(:delay), rings = 0, failure_code = :failure_code,
                failure_detail = :failure_detail, finished_at = :finished_at, analysis = :analysis
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
            analysis=_analysis_document(task),
        )
        if not changed:
            return False
        for position, result in enumerate(task.results):
            self._add_result(task.id, position, result)
        self._mirror(task)
        self._tell(task, delay)
        return True

    def save_decided(self, task: Task, before: TaskStatus | UnknownStatus) -> bool:
        failure = task.failure
        changed = self._connection.change(
            """
            UPDATE tasks SET status = :status, attempts = :attempts, deaths = :deaths,
                lease_until = NULL, rung_at = clock_now(), rings = 0, failure_code = :failure_code,
                failure_detail = :failure_detail, started_at = :started_at,
                finished_at = :finished_at,
                announced_at = CASE WHEN :status = 'queued' THEN NULL ELSE announced_at END
            WHERE id = :id AND fence = :fence AND status = :before
            """,
            id=task.id,
            fence=task.fence,
            before=before.value,
            status=task.status.value,
            attempts=task.attempts,
            deaths=task.deaths,
            failure_code=None if failure is None else failure.code.value,
            failure_detail=None if failure is None else failure.detail,
            started_at=task.started_at,
            finished_at=task.finished_at,
        )
        if not changed:
            return False
        self._mirror(task)
        self._tell(task, timedelta())
        return True

    def page(
        self, wanted: TaskFilter, before: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[Task]:
        before_at, before_id = before or _BEFORE_ALL
        age = _ANY_AGE if wanted.older_than is None else wanted.older_than
        rows = self._connection.rows(
            _PAGE[wanted.status],
            age=-age.total_seconds(),
            before_at=before_at,
            before_id=before_id,
            code="" if wanted.code is None else wanted.code.value,
            limit=limit,
        )
        return [self._task_from(row, ()) for row in rows]

    def page_of(
        self,
        user_id: UUID,
        status: TaskStatus | None,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> Sequence[Task]:
        before_at, before_id = after or _BEFORE_ALL
        rows = self._connection.rows(
            _PAGE_OF,
            user_id=user_id,
            before_at=before_at,
            before_id=before_id,
            status="" if status is None else status.value,
            limit=limit,
        )
        return [self._task_from(row, ()) for row in rows]

    def expired(self, limit: int) -> Sequence[Task]:
        return [self._task_from(row, ()) for row in self._connection.rows(_EXPIRED, limit=limit)]

    def ring_again(self, older_than: timedelta, limit: int) -> int:
        age = older_than.total_seconds()
        return self._tell_again(_RING_AGAIN, age=-age, once=age, thrice=3 * age, limit=limit)

    def mark_announced(self, task_id: UUID) -> bool:
        return bool(
            self._connection.change(
                "UPDATE tasks SET announced_at = clock_now() WHERE id = :id", id=task_id
            )
        )

    def announce_again(self, older_than: timedelta, limit: int) -> int:
        return self._tell_again(_ANNOUNCE_AGAIN, age=-older_than.total_seconds(), limit=limit)

    def _tell_again(self, sql: str, **values: object) -> int:
        rows = self._connection.rows(sql, **values)
        for task_id, status, correlation_id, priority in rows:
            event = _EVENT_OF[TaskStatus(status)]
            self._outbox.add(
                Message(
                    event.__name__,
                    self._connection.as_uuid(task_id),
                    correlation_id,
                    Priority.read(priority),
                )
            )
        return len(rows)

    def need_file(self, key: str) -> bool:
        return self._connection.row(_NEED_FILE, key=f'%"{key}"%') is not None

    def count_queued(self, at_most: int) -> int:
        row = self._connection.row(
            """
            SELECT count(*) FROM (SELECT 1 FROM tasks WHERE status = 'queued' LIMIT :at_most) q
            """,
            at_most=at_most,
        )
        return int(row[0]) if row else 0

    def count_queued_of(self, user_id: UUID, at_most: int) -> int:
        row = self._connection.row(
            """
            SELECT count(*) FROM (
                SELECT 1 FROM tasks WHERE status = 'queued' AND user_id = :user_id LIMIT :at_most
            ) q
            """,
            user_id=user_id,
            at_most=at_most,
        )
        return int(row[0]) if row else 0

    def count_by_status(self) -> dict[str, int]:
        row = self._connection.row(
            """
            SELECT (SELECT count(*) FROM tasks WHERE status = 'queued'),
                (SELECT count(*) FROM tasks WHERE status = 'in progress')
            """
        )
        queued, in_progress = row or (0, 0)
        return {TaskStatus.QUEUED.value: queued, TaskStatus.IN_PROGRESS.value: in_progress}

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
                format=word_of(ImageFormat, format_name, UnknownFormat),
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
        self._connection.change(
            """
            UPDATE images SET status = :status, updated_at = clock_now()
            WHERE id = :image_id AND newest_task_id = :task_id
            """,
            image_id=task.image_id,
            task_id=task.id,
            status=task.status.value,
        )

    def _tell(self, task: Task, delay: timedelta) -> None:
        for event in task.events:
            message = Message(
                type(event).__name__, event.task_id, task.correlation_id, task.priority
            )
            self._outbox.add(message, delay=delay)

    def _task_from(self, row: Row, results: tuple[Result, ...]) -> Task:
        read = self._connection
        return Task(
            id=read.as_uuid(row[0]),
            image_id=read.as_uuid(row[1]),
            user_id=read.as_uuid(row[2]),
            pipeline=_pipeline_from(read.as_document(row[3])),
            created_at=read.as_time(row[4]),
            correlation_id=row[5],
            assets=read.as_document(row[6]),
            notify=_notify_from_document(read.as_document(row[7])),
            status=word_of(TaskStatus, row[8], UnknownStatus),
            attempts=row[9],
            deaths=row[10],
            fence=row[11],
            failure=_failure_from(row[12], row[13]),
            results=results,
            started_at=read.as_time_or_none(row[14]),
            finished_at=read.as_time_or_none(row[15]),
            priority=Priority.read(row[16]),
            gone=Gone.read(row[17]),
            progress=row[18],
            preset=None if row[19] is None else _preset_from(read.as_document(row[19])),
            analysis=None if row[20] is None else _analysis_from(read.as_document(row[20])),
        )


def processing_task_to_document(task: Task) -> Document:
    """Return what `images.processing_task` tells of the newest task (system design §8.1)."""
    return Document(taskId=str(task.id), processingOptions=_pipeline_document(task))


def _pipeline_document(task: Task) -> Document:
    assert task.pipeline is not None  # a new task's is this version's own
    return Document(pipeline_to_document(task.pipeline))


def _pipeline_from(document: Any) -> Pipeline | None:
    """Read a stored pipeline; one that this version cannot read must not hide the task's row."""
    try:
        return pipeline_from_document(document)
    except (DomainError, BaseValidationError, KeyError, TypeError, ValueError):
        return None


def _failure_from(code: str | None, detail: str) -> Failure | None:
    return None if code is None else Failure(word_of(FailureCode, code, UnknownWord), detail)


def _preset_to_document(preset: PresetOrigin) -> Document:
    return Document(name=preset.name, version=preset.version, shared=preset.is_shared)


def _preset_from(document: dict[str, Any]) -> PresetOrigin:
    return PresetOrigin(document["name"], document["version"], is_shared=document["shared"])


def _analysis_document(task: Task) -> Document | None:
    return None if task.analysis is None else Document(analysis_to_document(task.analysis))


def _analysis_from(document: Any) -> Analysis | None:
    """Read a stored analysis; one that this version cannot read must not hide the task's row."""
    try:
        return analysis_from_document(document)
    except UnreadableAnalysis:
        return None


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
