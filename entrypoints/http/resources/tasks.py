"""Tasks, in all detail, for their owner, who may cancel them or have them run again."""

from collections.abc import Callable
from typing import Annotated, Final, NotRequired, TypedDict

import attrs
import cattrs
import falcon

from application.actor import Actor
from application.errors import (
    EmailNotVerified,
    FileGone,
    NotAllowed,
    NotFound,
    PresetsOnly,
    QuotaExceeded,
)
from application.images.admit_upload import QueueFull, TooManyQueuedTasks
from application.ports.object_store import StorageFull, StorageUnavailable
from application.tasks.cancel_task import CancelTaskRequest
from application.tasks.list_own_tasks import ListOwnTasksRequest, OwnTasksPage
from application.tasks.retry_task import RetriedTask, RetryTaskRequest
from application.tasks.view_task import TaskView, ViewTaskRequest
from domain.errors import IllegalTransition
from domain.images.formats import ImageFormat
from domain.notifications.channel import ChannelKind
from domain.notifications.delivery import Delivery, DeliveryStatus
from domain.tasks.log_entry import OUTCOMES, LogEntry
from domain.tasks.task import Failure, FailureCode, Result, Task, TaskStatus
from entrypoints.http.authentication import Authentication
from entrypoints.http.cursors import cursor_to
from entrypoints.http.idempotency import idempotency_key, mark_replayed
from entrypoints.http.openapi.operation import Answer, Link, operation
from entrypoints.http.openapi.parts import ASK_AGAIN, LOCATION, REPLAYED, TASK_ID
from entrypoints.http.openapi.schemas import SHA256, Id, Moment, Rule
from entrypoints.http.payloads import id_in_path, timestamp
from entrypoints.http.queries import (
    CURSOR,
    LIMIT,
    NEXT_PAGE,
    choice,
    limit_of,
    link_to_next,
    refuse_other_parameters,
)

_STATUS: Final = choice(
    "status", {status.value: status for status in TaskStatus}, "Only tasks in this state."
)


class FailureDocument(TypedDict):
    """Why a task failed."""

    code: Annotated[str, FailureCode]
    detail: str


class TaskSummary(TypedDict):
    """A task of the caller's own."""

    taskId: Id
    imageId: Id
    status: Annotated[str, TaskStatus]
    preset: str | None
    progress: Annotated[int, Rule({"minimum": 0, "maximum": 100})]
    attempts: int
    failure: FailureDocument | None
    createdAt: Moment
    startedAt: Moment | None
    finishedAt: Moment | None


class TaskList(TypedDict):
    """A page of the caller's tasks."""

    tasks: list[TaskSummary]


class ResultDocument(TypedDict):
    """A picture that a task made."""

    variant: str
    format: Annotated[str, ImageFormat]
    width: int
    height: int
    byteSize: int
    sha256: SHA256


class DimensionsDocument(TypedDict):
    """What the picture is, as a viewer sees it."""

    width: int
    height: int
    frames: int
    orientation: Annotated[int, Rule({"minimum": 1, "maximum": 8})]
    format: Annotated[str, ImageFormat]
    hasAlpha: bool


class ExifDocument(TypedDict):
    """How the picture was taken; what EXIF does not tell is absent."""

    make: NotRequired[str]
    model: NotRequired[str]
    takenAt: NotRequired[str]
    exposureSeconds: NotRequired[float]
    fNumber: NotRequired[float]
    iso: NotRequired[int]
    focalLengthMm: NotRequired[float]
    orientation: NotRequired[Annotated[int, Rule({"minimum": 1, "maximum": 8})]]


class ColorDocument(TypedDict):
    """A colour that much of the picture has."""

    color: str
    share: float


class AnalysisDocument(TypedDict):
    """What was found out about a picture; what was not asked is absent."""

    dimensions: NotRequired[DimensionsDocument]
    exif: NotRequired[ExifDocument]
    blurhash: NotRequired[str]
    thumbhash: NotRequired[str]
    dominantColors: NotRequired[list[ColorDocument]]
    averageColor: NotRequired[str]
    phash: NotRequired[Annotated[str, Rule({"pattern": "^[0-9a-f]{16}$"})]]


class LogDocument(TypedDict):
    """What became of one attempt."""

    attempt: int
    startedAt: Moment
    endedAt: Moment
    outcome: Annotated[str, Rule({"enum": list(OUTCOMES)})]
    error: str | None
    stageSeconds: dict[str, float]


class DeliveryDocument(TypedDict):
    """Whether somebody has been told."""

    channel: Annotated[str, ChannelKind]
    status: Annotated[str, DeliveryStatus]
    attempts: int
    lastError: str | None


class TaskDocument(TaskSummary):
    """A task in all detail."""

    results: list[ResultDocument]
    analysis: AnalysisDocument | None
    log: list[LogDocument]
    deliveries: list[DeliveryDocument]


class RetriedDocument(TypedDict):
    """The new task."""

    taskId: Id


_LISTED: Final = Answer(
    200,
    TaskList,
    "A page of tasks, newest first.",
    (NEXT_PAGE,),
    (
        Link("GET", "/api/tasks/{task_id}", {"task_id": "$response.body#/tasks/0/taskId"}),
        Link("POST", "/api/tasks/{task_id}/retry", {"task_id": "$response.body#/tasks/0/taskId"}),
    ),
)
_SHOWN: Final = Answer(
    200,
    TaskDocument,
    "The task.",
    (ASK_AGAIN,),
    (Link("POST", "/api/tasks/{task_id}/cancel", {"task_id": "$response.body#/taskId"}),),
)
_CANCELLED: Final = Answer(
    202,
    TaskDocument,
    "The task, which is given up.",
    links=(Link("POST", "/api/tasks/{task_id}/retry", {"task_id": "$response.body#/taskId"}),),
)
_RETRIED: Final = Answer(
    202,
    RetriedDocument,
    "A new task is queued.",
    (LOCATION, TASK_ID, REPLAYED),
    (Link("GET", "/api/tasks/{task_id}", {"task_id": "$response.body#/taskId"}),),
)


@attrs.frozen
class OwnTasks:
    """`/api/users/me/tasks`."""

    authentication: Authentication
    list_own_tasks: Callable[[ListOwnTasksRequest], OwnTasksPage]

    @operation(_LISTED, query=(_STATUS, LIMIT, CURSOR))
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a page of the caller's tasks; `Link` leads to the next (RFC 8288)."""
        actor = self.authentication(req)
        refuse_other_parameters(req)
        request = ListOwnTasksRequest(actor, _STATUS.of(req), CURSOR.of(req), **limit_of(req))
        page = self.list_own_tasks(request)
        link_to_next(req, resp, request.limit, page.next_after and cursor_to(page.next_after))
        _LISTED.write(resp, {"tasks": [_summary(task) for task in page.tasks]})

    on_head = on_get


def _summary(task: Task) -> TaskSummary:
    return {
        "taskId": str(task.id),
        "imageId": str(task.image_id),
        "status": task.status.value,
        "preset": None if task.preset is None else str(task.preset),
        "progress": _percent(task),
        "attempts": task.attempts,
        "failure": _failure(task.failure),
        "createdAt": timestamp(task.created_at),
        "startedAt": timestamp(task.started_at),
        "finishedAt": timestamp(task.finished_at),
    }


@attrs.frozen
class TaskDetail:
    """`/api/tasks/{taskId}`."""

    authentication: Authentication
    view_task: Callable[[ViewTaskRequest], TaskView]
    converter: cattrs.Converter

    @operation(_SHOWN, refusals=(NotFound,))
    def on_get(self, req: falcon.Request, resp: falcon.Response, task_id: str) -> None:
        """Show the task, what became of each attempt, and who has been told."""
        actor = self.authentication(req)
        view = self.view_task(ViewTaskRequest(actor, id_in_path(task_id)))
        if not view.task.status.is_final:
            resp.set_header("Retry-After", "1")
        _SHOWN.write(resp, _task(view, self.converter))

    on_head = on_get


@attrs.frozen
class TaskCancellation:
    """`/api/tasks/{taskId}/cancel`."""

    authentication: Authentication
    cancel_task: Callable[[CancelTaskRequest], None]
    view_task: Callable[[ViewTaskRequest], TaskView]
    converter: cattrs.Converter

    @operation(_CANCELLED, refusals=(NotFound, IllegalTransition))
    def on_post(self, req: falcon.Request, resp: falcon.Response, task_id: str) -> None:
        """Give the task up, in the middle of what is done if need be; show what became of it."""
        actor = self.authentication(req)
        wanted = id_in_path(task_id)
        self.cancel_task(CancelTaskRequest(actor, wanted))
        view = self.view_task(ViewTaskRequest(actor, wanted))
        _CANCELLED.write(resp, _task(view, self.converter))


@attrs.frozen
class TaskRetry:
    """`/api/tasks/{taskId}/retry`."""

    authentication: Authentication
    admit_upload: Callable[[Actor], None]
    retry_task: Callable[[RetryTaskRequest], RetriedTask]

    @operation(
        _RETRIED,
        refusals=(
            NotAllowed, PresetsOnly, NotFound, IllegalTransition, QuotaExceeded, FileGone,
            EmailNotVerified, QueueFull, TooManyQueuedTasks, StorageFull, StorageUnavailable,
        ),
        takes_key=True,
    )  # fmt: skip
    def on_post(self, req: falcon.Request, resp: falcon.Response, task_id: str) -> None:
        """Queue a new task that does the same to the same picture."""
        actor = self.authentication(req)
        wanted = id_in_path(task_id)
        self.admit_upload(actor)
        retried = self.retry_task(
            RetryTaskRequest(
                actor,
                wanted,
                req.context.request_id,
                idempotency_key(req, str(actor.user_id), str(wanted)),
            )
        )
        resp.set_header("Location", f"/api/tasks/{retried.task_id}")
        resp.set_header("X-Task-Id", str(retried.task_id))
        mark_replayed(resp, replayed=retried.replayed)
        _RETRIED.write(resp, {"taskId": str(retried.task_id)})


def _task(view: TaskView, converter: cattrs.Converter) -> TaskDocument:
    task = view.task
    return {
        **_summary(task),
        "results": [result_document(result) for result in task.results],
        "analysis": converter.unstructure(task.analysis),
        "log": [_log_entry(entry) for entry in view.log],
        "deliveries": [_delivery(delivery) for delivery in view.deliveries],
    }


def _percent(task: Task) -> int:
    return 100 if task.status is TaskStatus.COMPLETED else task.progress


def _failure(failure: Failure | None) -> FailureDocument | None:
    return None if failure is None else {"code": failure.code.value, "detail": failure.detail}


def result_document(result: Result) -> ResultDocument:
    """Return what the API tells of a result."""
    return {
        "variant": result.variant,
        "format": result.format.value,
        "width": result.width,
        "height": result.height,
        "byteSize": result.byte_size,
        "sha256": result.sha256,
    }


def _log_entry(entry: LogEntry) -> LogDocument:
    return {
        "attempt": entry.attempt,
        "startedAt": timestamp(entry.started_at),
        "endedAt": timestamp(entry.ended_at),
        "outcome": entry.outcome,
        "error": entry.error,
        "stageSeconds": dict(entry.stage_seconds),
    }


def _delivery(delivery: Delivery) -> DeliveryDocument:
    return {
        "channel": delivery.channel.value,
        "status": delivery.status.value,
        "attempts": delivery.attempts,
        "lastError": delivery.last_error,
    }
