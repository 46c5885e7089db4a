"""Everybody's tasks, their log and the queues, for administrators."""

import re
from collections.abc import Callable
from typing import Annotated, Final, TypedDict
from uuid import UUID

import attrs
import falcon

from application.actor import Actor
from application.administration.look_through_tasks import LookThroughTasksRequest, TasksPage
from application.administration.read_logs import LogsPage, ReadLogsRequest
from application.administration.view_queues import QueueLevels
from application.errors import FileGone, NotAllowed, NotFound
from application.ports.object_store import StorageUnavailable
from application.ports.repositories.processing_log import LogFilter, LogLine
from application.ports.repositories.tasks import TaskFilter
from domain.errors import IllegalTransition
from domain.tasks.log_entry import OUTCOMES
from domain.tasks.priority import Priority
from domain.tasks.task import FailureCode, Task, TaskStatus
from entrypoints.http.authentication import Authentication
from entrypoints.http.cursors import cursor_to, not_ours
from entrypoints.http.openapi.operation import Answer, Bare, Link, operation
from entrypoints.http.openapi.schemas import Id, Moment
from entrypoints.http.payloads import id_in_path, timestamp
from entrypoints.http.queries import (
    CURSOR,
    LIMIT,
    NEXT_PAGE,
    choice,
    cursor,
    identifier,
    limit_of,
    link_to_next,
    refuse_other_parameters,
)
from entrypoints.http.resources.tasks import FailureDocument, LogDocument

_LINE: Final = re.compile("^[1-9][0-9]{0,17}$", re.ASCII)


def _line_number(text: str) -> int:
    if not _LINE.fullmatch(text):
        raise not_ours()
    return int(text)


_STATUS: Final = choice(
    # Those that somebody may have to see to; each list has an index.
    "status",
    {status.value: status for status in TaskStatus if status is not TaskStatus.COMPLETED},
    "Only tasks in this state; failed ones if absent.",
)
_CODE: Final = choice(
    "code", {code.value: code for code in FailureCode}, "Only tasks that failed like this."
)
_OUTCOME: Final = choice(
    "outcome", {outcome: outcome for outcome in OUTCOMES}, "Only attempts that ended like this."
)
_TASK_ID: Final = identifier("taskId", "Only attempts at this task.")
_USER_ID: Final = identifier("userId", "Only attempts at tasks of this account.")
_LINE_CURSOR: Final = cursor(_line_number, _LINE.pattern)


class AnyTaskDocument(TypedDict):
    """A task, as administrators see it."""

    taskId: Id
    imageId: Id
    userId: Id
    requestId: str
    status: Annotated[str, TaskStatus]
    priority: Annotated[str, Priority]
    attempts: int
    deaths: int
    failure: FailureDocument | None
    createdAt: Moment
    finishedAt: Moment | None


class AnyTaskList(TypedDict):
    """A page of everybody's tasks."""

    tasks: list[AnyTaskDocument]


class QueuesDocument(TypedDict):
    """How many tasks wait and are in hand, by status, and how many messages wait."""

    tasks: dict[str, int]
    outbox: int


class LogLineDocument(LogDocument):
    """What became of one attempt, and whose it was."""

    taskId: Id
    userId: Id


class LogLines(TypedDict):
    """A page of attempts."""

    log: list[LogLineDocument]


_TASKS: Final = Answer(
    200,
    AnyTaskList,
    "A page of tasks, newest first.",
    (NEXT_PAGE,),
    tuple(
        Link(
            "POST",
            f"/api/admin/tasks/{{task_id}}/{what}",
            {"task_id": "$response.body#/tasks/0/taskId"},
        )
        for what in ("requeue", "drop")
    ),
)
_DECIDED: Final = Bare(204, "So it is.")
_QUEUES: Final = Answer(200, QueuesDocument, "How much waits.")
_LOG: Final = Answer(200, LogLines, "A page of attempts, newest first.", (NEXT_PAGE,))


@attrs.frozen
class AllTasks:
    """`/api/admin/tasks`."""

    authentication: Authentication
    look_through_tasks: Callable[[LookThroughTasksRequest], TasksPage]

    @operation(_TASKS, query=(_STATUS, _CODE, LIMIT, CURSOR), refusals=(NotAllowed,))
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show tasks of everybody, newest first."""
        actor = self.authentication(req)
        refuse_other_parameters(req)
        wanted = TaskFilter(_STATUS.of(req) or TaskStatus.FAILED, _CODE.of(req))
        _show(req, resp, self.look_through_tasks, actor, wanted)

    on_head = on_get


@attrs.frozen
class Quarantine:
    """`/api/admin/quarantine`."""

    authentication: Authentication
    look_through_tasks: Callable[[LookThroughTasksRequest], TasksPage]

    @operation(_TASKS, query=(LIMIT, CURSOR), refusals=(NotAllowed,))
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show tasks whose workers died time and again, newest first."""
        actor = self.authentication(req)
        refuse_other_parameters(req)
        wanted = TaskFilter(TaskStatus.FAILED, FailureCode.POISONED)
        _show(req, resp, self.look_through_tasks, actor, wanted)

    on_head = on_get


@attrs.frozen
class Requeuing:
    """`/api/admin/tasks/{taskId}/requeue`."""

    authentication: Authentication
    requeue_task: Callable[[UUID, Actor], None]

    @operation(
        _DECIDED, refusals=(NotAllowed, NotFound, IllegalTransition, FileGone, StorageUnavailable)
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response, task_id: str) -> None:
        """Put a failed task back."""
        actor = self.authentication(req)
        self.requeue_task(id_in_path(task_id), actor)
        _DECIDED.write(resp)


@attrs.frozen
class Dropping:
    """`/api/admin/tasks/{taskId}/drop`."""

    authentication: Authentication
    drop_task: Callable[[UUID, Actor], None]

    @operation(_DECIDED, refusals=(NotAllowed, NotFound, IllegalTransition, StorageUnavailable))
    def on_post(self, req: falcon.Request, resp: falcon.Response, task_id: str) -> None:
        """Give a task up and remove its picture for good."""
        actor = self.authentication(req)
        self.drop_task(id_in_path(task_id), actor)
        _DECIDED.write(resp)


@attrs.frozen
class Queues:
    """`/api/admin/queues`."""

    authentication: Authentication
    view_queues: Callable[[Actor], QueueLevels]

    @operation(_QUEUES, refusals=(NotAllowed,))
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show how much waits."""
        levels = self.view_queues(self.authentication(req))
        _QUEUES.write(resp, {"tasks": dict(levels.tasks), "outbox": levels.outbox})

    on_head = on_get


@attrs.frozen
class ProcessingLogs:
    """`/api/admin/logs`."""

    authentication: Authentication
    read_logs: Callable[[ReadLogsRequest], LogsPage]

    @operation(
        _LOG, query=(_TASK_ID, _USER_ID, _OUTCOME, LIMIT, _LINE_CURSOR), refusals=(NotAllowed,)
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show what became of attempts, newest first."""
        actor = self.authentication(req)
        refuse_other_parameters(req)
        wanted = LogFilter(_TASK_ID.of(req), _USER_ID.of(req), _OUTCOME.of(req))
        request = ReadLogsRequest(actor, wanted, _LINE_CURSOR.of(req), **limit_of(req))
        page = self.read_logs(request)
        after = page.next_after
        link_to_next(req, resp, request.limit, None if after is None else str(after))
        _LOG.write(resp, {"log": [_line(line) for line in page.lines]})

    on_head = on_get


def _show(
    req: falcon.Request,
    resp: falcon.Response,
    look_through_tasks: Callable[[LookThroughTasksRequest], TasksPage],
    actor: Actor,
    wanted: TaskFilter,
) -> None:
    request = LookThroughTasksRequest(actor, wanted, CURSOR.of(req), **limit_of(req))
    page = look_through_tasks(request)
    link_to_next(req, resp, request.limit, page.next_after and cursor_to(page.next_after))
    _TASKS.write(resp, {"tasks": [_task(task) for task in page.tasks]})


def _task(task: Task) -> AnyTaskDocument:
    failure = task.failure
    return {
        "taskId": str(task.id),
        "imageId": str(task.image_id),
        "userId": str(task.user_id),
        "requestId": task.correlation_id,
        "status": task.status.value,
        "priority": task.priority.value,
        "attempts": task.attempts,
        "deaths": task.deaths,
        "failure": None
        if failure is None
        else {"code": failure.code.value, "detail": failure.detail},
        "createdAt": timestamp(task.created_at),
        "finishedAt": timestamp(task.finished_at),
    }


def _line(line: LogLine) -> LogLineDocument:
    entry = line.entry
    return {
        "taskId": str(entry.task_id),
        "userId": str(line.user_id),
        "attempt": entry.attempt,
        "startedAt": timestamp(entry.started_at),
        "endedAt": timestamp(entry.ended_at),
        "outcome": entry.outcome,
        "error": entry.error,
        "stageSeconds": dict(entry.stage_seconds),
    }
