"""Tasks, in all detail, for their owner, who may cancel them or have them run again."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

import attrs
import cattrs
import falcon

from application.actor import Actor
from application.tasks.cancel_task import CancelTaskRequest
from application.tasks.list_own_tasks import ListOwnTasksRequest, OwnTasksPage
from application.tasks.retry_task import RetriedTask, RetryTaskRequest
from application.tasks.view_task import TaskView, ViewTaskRequest
from domain.errors import InvalidParameter, UnknownMember
from domain.notifications.delivery import Delivery
from domain.tasks.log_entry import LogEntry
from domain.tasks.task import Failure, Result, Task, TaskStatus
from entrypoints.http.authentication import Authentication
from entrypoints.http.cursors import cursor_to, limit_in, place_of
from entrypoints.http.idempotency import idempotency_key, mark_replayed
from entrypoints.http.payloads import escaped, id_in_path, timestamp, write_json

_PARAMETERS: Final = ("status", "limit", "cursor")


@attrs.frozen
class OwnTasks:
    """`/api/users/me/tasks`."""

    authentication: Authentication
    list_own_tasks: Callable[[ListOwnTasksRequest], OwnTasksPage]

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a page of the caller's tasks; `Link` leads to the next (RFC 8288)."""
        actor = self.authentication(req)
        request = _page_asked_for(req, actor)
        page = self.list_own_tasks(request)
        if page.next_after is not None:
            query = {"limit": str(request.limit), "cursor": cursor_to(page.next_after)}
            if request.status is not None:
                query = {"status": request.status.value} | query
            resp.set_header("Link", f'<{req.path}?{urlencode(query)}>; rel="next"')
        write_json(resp, {"tasks": [_summary(task) for task in page.tasks]})

    on_head = on_get


def _page_asked_for(req: falcon.Request, actor: Actor) -> ListOwnTasksRequest:
    for name in req.params:
        if name not in _PARAMETERS:
            # Whoever asks for a choice that is not made here must not take everything for it.
            raise UnknownMember(
                f"there is no such parameter here; there are {', '.join(_PARAMETERS)}",
                pointer=f"/{escaped(name)}",
            )
    limit, cursor = req.get_param("limit"), req.get_param("cursor")
    return ListOwnTasksRequest(
        actor,
        _status_named(req.get_param("status")),
        after=None if cursor is None else place_of(cursor),
        **({} if limit is None else {"limit": limit_in(limit)}),
    )


def _status_named(text: str | None) -> TaskStatus | None:
    if text is None:
        return None
    try:
        return TaskStatus(text)
    except ValueError:
        names = ", ".join(status.value for status in TaskStatus)
        raise InvalidParameter(f"must be one of {names}", pointer="/status") from None


def _summary(task: Task) -> dict[str, Any]:
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

    def on_get(self, req: falcon.Request, resp: falcon.Response, task_id: str) -> None:
        """Show the task, what became of each attempt, and who has been told."""
        actor = self.authentication(req)
        view = self.view_task(ViewTaskRequest(actor, id_in_path(task_id)))
        if not view.task.status.is_final:
            resp.set_header("Retry-After", "1")
        write_json(resp, _task(view, self.converter))

    on_head = on_get


@attrs.frozen
class TaskCancellation:
    """`/api/tasks/{taskId}/cancel`."""

    authentication: Authentication
    cancel_task: Callable[[CancelTaskRequest], None]
    view_task: Callable[[ViewTaskRequest], TaskView]
    converter: cattrs.Converter

    def on_post(self, req: falcon.Request, resp: falcon.Response, task_id: str) -> None:
        """Give the task up, in the middle of what is done if need be; show what became of it."""
        actor = self.authentication(req)
        wanted = id_in_path(task_id)
        self.cancel_task(CancelTaskRequest(actor, wanted))
        view = self.view_task(ViewTaskRequest(actor, wanted))
        write_json(resp, _task(view, self.converter), 202)


@attrs.frozen
class TaskRetry:
    """`/api/tasks/{taskId}/retry`."""

    authentication: Authentication
    admit_upload: Callable[[Actor], None]
    retry_task: Callable[[RetryTaskRequest], RetriedTask]

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
        write_json(resp, {"taskId": str(retried.task_id)}, 202)


def _task(view: TaskView, converter: cattrs.Converter) -> dict[str, Any]:
    task = view.task
    return _summary(task) | {
        "results": [result_document(result) for result in task.results],
        "analysis": converter.unstructure(task.analysis),
        "log": [_log_entry(entry) for entry in view.log],
        "deliveries": [_delivery(delivery) for delivery in view.deliveries],
    }


def _percent(task: Task) -> int:
    return 100 if task.status is TaskStatus.COMPLETED else task.progress


def _failure(failure: Failure | None) -> dict[str, str] | None:
    return None if failure is None else {"code": failure.code.value, "detail": failure.detail}


def result_document(result: Result) -> dict[str, Any]:
    """Return what the API tells of a result."""
    return {
        "variant": result.variant,
        "format": result.format.value,
        "width": result.width,
        "height": result.height,
        "byteSize": result.byte_size,
        "sha256": result.sha256,
    }


def _log_entry(entry: LogEntry) -> dict[str, Any]:
    return {
        "attempt": entry.attempt,
        "startedAt": timestamp(entry.started_at),
        "endedAt": timestamp(entry.ended_at),
        "outcome": entry.outcome,
        "error": entry.error,
        "stageSeconds": dict(entry.stage_seconds),
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "channel": delivery.channel.value,
        "status": delivery.status.value,
        "attempts": delivery.attempts,
        "lastError": delivery.last_error,
    }
