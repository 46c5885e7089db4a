"""
A task: one pipeline, run once over one image.

    queued ──▶ in progress ──▶ completed
      ▲            │ │ └──────▶ failed
      ├────────────┘ └────────▶ (its worker died three times) failed: poisoned
      │
      └── failed, put back by an operator
          failed or queued, dropped by an operator ──▶ cancelled
          queued or in progress, cancelled by its owner ──▶ cancelled

Attempts, lease and fence are counted by the store when a worker claims the task, by the
store's own clock, so that neither clock skew nor a worker thought dead can matter.
"""

from datetime import datetime
from enum import Enum
from typing import ClassVar
from uuid import UUID

import attrs

from domain.errors import IllegalTransition
from domain.images.analysis import Analysis
from domain.images.formats import ImageFormat, UnknownFormat
from domain.images.gone import Gone
from domain.images.pipeline import Pipeline
from domain.images.preset import PresetOrigin
from domain.notifications.channel import NotificationRequest
from domain.tasks.events import TaskCompleted, TaskEvent, TaskFailed, TaskQueued
from domain.tasks.priority import Priority
from domain.words import UnknownWord


class TaskStatus(Enum):
    """The state of a task; the values are those of the public API."""

    QUEUED = "queued"
    IN_PROGRESS = "in progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether no later step can change it."""
        return self in (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED)


@attrs.frozen
class UnknownStatus(UnknownWord):
    """A state that only a newer version beside this one knows."""

    @property
    def is_final(self) -> bool:
        """Not as far as can be told here."""
        return False


class FailureCode(Enum):
    """Why a task failed; the list is closed."""

    DECODE_FAILED = "decode_failed"
    TRUNCATED = "truncated"
    UNSUPPORTED_CODEC = "unsupported_codec"
    IMAGE_TOO_LARGE = "image_too_large"
    TOO_MANY_FRAMES = "too_many_frames"
    OUTPUT_TOO_LARGE = "output_too_large"
    INVALID_GEOMETRY = "invalid_geometry"
    ASSET_MISSING = "asset_missing"
    SOURCE_MISSING = "source_missing"
    SOURCE_CORRUPT = "source_corrupt"
    LIMIT_MEMORY = "limit_memory"
    LIMIT_CPU = "limit_cpu"
    TIMEOUT = "timeout"
    DECODER_CRASH = "decoder_crash"
    POISONED = "poisoned"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    CANCELLED = "cancelled"
    INTERNAL = "internal"


@attrs.frozen
class Failure:
    """Why a task failed: a code of the closed list and a sentence for the customer."""

    code: FailureCode | UnknownWord
    detail: str


@attrs.frozen
class Result:
    """
    One picture that a task made.

    Attributes:
        variant: Its name within the task; the top-level result is `"main"`.
        file_path: Key in the object store.
        sha256: Hex digest of its bytes; also its ETag.
    """

    variant: str
    file_path: str
    format: ImageFormat | UnknownFormat
    width: int
    height: int
    byte_size: int
    sha256: str


@attrs.define
class Task:
    """
    One run of a pipeline over an image.

    Attributes:
        assets: Object-store key of each picture that the pipeline names, settled at upload.
        pipeline: None if it was written by a version that knows more than this one.
        attempts: How often a worker has claimed it since it was queued, or put back.
        deaths: How often a worker died, or lost its lease, while it held it.
        fence: Grows with every claim; a finish counts only while it still holds.
        progress: Percent of the attempt under way, where it takes more than a moment.
        correlation_id: The request that asked for the task, for the logs.
        analysis: What was found out about the picture, if that was asked; it is kept as long as
            the picture is.
        gone: Why its results are not in the store; None if they are, or if there are none.
        preset: The version of a preset that the pipeline was made from, if any.
    """

    MAX_DEATHS: ClassVar[int] = 3

    id: UUID
    image_id: UUID
    user_id: UUID
    pipeline: Pipeline | None
    created_at: datetime
    correlation_id: str
    assets: dict[str, str] = attrs.field(factory=dict)
    notify: NotificationRequest = NotificationRequest()
    priority: Priority = Priority.INTERACTIVE
    status: TaskStatus | UnknownStatus = TaskStatus.QUEUED
    attempts: int = 0
    deaths: int = 0
    fence: int = 0
    progress: int = 0
    failure: Failure | None = None
    results: tuple[Result, ...] = ()
    analysis: Analysis | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    gone: Gone | None = None
    preset: PresetOrigin | None = None
    _events: list[TaskEvent] = attrs.field(factory=list, init=False, repr=False, eq=False)

    @classmethod
    def queue(
        cls,
        *,
        id: UUID,
        image_id: UUID,
        user_id: UUID,
        pipeline: Pipeline,
        assets: dict[str, str],
        notify: NotificationRequest,
        created_at: datetime,
        correlation_id: str,
        priority: Priority = Priority.INTERACTIVE,
        preset: PresetOrigin | None = None,
    ) -> "Task":
        """Make a new task that waits for a worker."""
        task = cls(
            id=id,
            image_id=image_id,
            user_id=user_id,
            pipeline=pipeline,
            assets=assets,
            notify=notify,
            created_at=created_at,
            correlation_id=correlation_id,
            priority=priority,
            preset=preset,
        )
        task._events.append(TaskQueued(id))
        return task

    def complete(
        self, results: tuple[Result, ...], now: datetime, analysis: Analysis | None = None
    ) -> None:
        """Record that every result has been made and stored, and what was found out besides."""
        self._leave(TaskStatus.COMPLETED, now)
        self.results = results
        self.analysis = analysis
        self._events.append(TaskCompleted(self.id))

    def fail(self, failure: Failure, now: datetime) -> None:
        """Record that no later attempt can make a result."""
        self._leave(TaskStatus.FAILED, now)
        self.failure = failure
        self._events.append(TaskFailed(self.id))

    def hand_back(self) -> None:
        """Return to the queue, because something that can heal stood in the way."""
        self._require_in_progress("handed back")
        self.status = TaskStatus.QUEUED
        self._events.append(TaskQueued(self.id))

    def lose_worker(self, now: datetime) -> None:
        """
        Record that the worker died or fell silent: back to the queue, or quarantine at the third.

        One bad file must not eat the fleet.
        """
        self._require_in_progress("taken from a lost worker")
        self.deaths += 1
        if self.deaths >= self.MAX_DEATHS:
            self.fail(
                Failure(
                    FailureCode.POISONED,
                    f"Processing stopped without an answer {self.deaths} times; "
                    "the picture is set aside.",
                ),
                now,
            )
        else:
            self.hand_back()

    def requeue(self) -> None:
        """
        Put a failed task back, by an operator's word: it has all its attempts again.

        Its fence stays, so that whatever its former workers still finish counts for nothing.
        """
        self._require("put back", TaskStatus.FAILED)
        self.status = TaskStatus.QUEUED
        self.attempts = self.deaths = 0
        self.failure = self.started_at = self.finished_at = None
        self._events.append(TaskQueued(self.id))

    def drop(self, now: datetime) -> None:
        """Give a task up, by an operator's word; its owner is told, unless of a failure before."""
        self._require("dropped", TaskStatus.QUEUED, TaskStatus.FAILED)
        if self.status is TaskStatus.QUEUED:
            self._events.append(TaskFailed(self.id))
        self._cancel("The operator of this service dropped it.", now)

    def cancel(self, now: datetime) -> None:
        """
        Give a task up, by its owner's word; nobody needs to be told.

        The worker that has it in hand finds that its fence holds no longer.
        """
        self._require("cancelled", TaskStatus.QUEUED, TaskStatus.IN_PROGRESS)
        self._cancel("Its owner cancelled it.", now)

    def again(self, *, id: UUID, created_at: datetime, correlation_id: str) -> "Task":
        """
        Return a new task that asks for what this one asked for, over the same image.

        Raises:
            IllegalTransition: This one has not ended, or asks for what this version cannot read.
        """
        self._require("run again", TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED)
        if self.pipeline is None:
            raise IllegalTransition("a task of a newer version cannot be run again by this one")
        return Task.queue(
            id=id,
            image_id=self.image_id,
            user_id=self.user_id,
            pipeline=self.pipeline,
            assets=self.assets,
            notify=self.notify,
            created_at=created_at,
            correlation_id=correlation_id,
            priority=self.priority,
            preset=self.preset,
        )

    @property
    def events(self) -> tuple[TaskEvent, ...]:
        """What has happened to this object; kept, so that a save that failed can be repeated."""
        return tuple(self._events)

    def _leave(self, status: TaskStatus, now: datetime) -> None:
        self._require_in_progress(status.value)
        self.status = status
        self.finished_at = now

    def _cancel(self, reason: str, now: datetime) -> None:
        self.status = TaskStatus.CANCELLED
        self.failure = Failure(FailureCode.CANCELLED, reason)
        self.finished_at = now

    def _require_in_progress(self, step: str) -> None:
        self._require(step, TaskStatus.IN_PROGRESS)

    def _require(self, step: str, *statuses: TaskStatus) -> None:
        if self.status not in statuses:
            raise IllegalTransition(f"a task that is {self.status.value} cannot be {step}")
