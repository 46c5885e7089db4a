"""Everybody's tasks, their log and the queues, for administrators."""

import re
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import attrs
import falcon

from application.actor import Actor
from application.administration.look_through_tasks import LookThroughTasksRequest, TasksPage
from application.administration.read_logs import LogsPage, ReadLogsRequest
from application.administration.view_queues import QueueLevels
from application.ports.repositories.processing_log import LogFilter, LogLine
from application.ports.repositories.tasks import TaskFilter
from domain.tasks.log_entry import OUTCOMES
from domain.tasks.task import FailureCode, Task, TaskStatus
from entrypoints.http.authentication import Authentication
from entrypoints.http.cursors import cursor_to, place_of
from entrypoints.http.payloads import id_in_path, timestamp, write_json
from entrypoints.http.queries import chosen, id_given, limit_and_choices, link_to_cursor, not_ours

_STATUSES: Final = {
    status.value: status for status in TaskStatus if status is not TaskStatus.COMPLETED
}
"""Those that somebody may have to see to; each list has an index."""
_CODES: Final = {code.value: code for code in FailureCode}
_OUTCOMES: Final = {outcome: outcome for outcome in OUTCOMES}
_LINE: Final = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


@attrs.frozen
class AllTasks:
    """
    `/api/admin/tasks`, and `/api/admin/quarantine`: those whose workers died time and again.

    Attributes:
        fixed: What the address says already; None if the query says it.
    """

    authentication: Authentication
    look_through_tasks: Callable[[LookThroughTasksRequest], TasksPage]
    fixed: TaskFilter | None = None

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show tasks, newest first."""
        actor = self.authentication(req)
        asked = limit_and_choices(req, *(() if self.fixed else ("status", "code")))
        wanted = self.fixed or TaskFilter(
            chosen(req, "status", _STATUSES) or TaskStatus.FAILED, chosen(req, "code", _CODES)
        )
        cursor = req.get_param("cursor")
        after = None if cursor is None else place_of(cursor)
        request = LookThroughTasksRequest(actor, wanted, after, **asked)
        page = self.look_through_tasks(request)
        link_to_cursor(req, resp, request.limit, page.next_after and cursor_to(page.next_after))
        write_json(resp, {"tasks": [_task(task) for task in page.tasks]})

    on_head = on_get


@attrs.frozen
class TaskDecision:
    """`/api/admin/tasks/{taskId}/requeue` and `…/drop`."""

    authentication: Authentication
    decide: Callable[[UUID, Actor], None]

    def on_post(self, req: falcon.Request, resp: falcon.Response, task_id: str) -> None:
        """Put the task back, or give it up."""
        actor = self.authentication(req)
        self.decide(id_in_path(task_id), actor)
        resp.status = 204


@attrs.frozen
class Queues:
    """`/api/admin/queues`."""

    authentication: Authentication
    view_queues: Callable[[Actor], QueueLevels]

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show how much waits."""
        levels = self.view_queues(self.authentication(req))
        write_json(resp, {"tasks": dict(levels.tasks), "outbox": levels.outbox})

    on_head = on_get


@attrs.frozen
class ProcessingLogs:
    """`/api/admin/logs`."""

    authentication: Authentication
    read_logs: Callable[[ReadLogsRequest], LogsPage]

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show what became of attempts, newest first."""
        actor = self.authentication(req)
        asked = limit_and_choices(req, "taskId", "userId", "outcome")
        wanted = LogFilter(
            id_given(req, "taskId"), id_given(req, "userId"), chosen(req, "outcome", _OUTCOMES)
        )
        cursor = req.get_param("cursor")
        if cursor is not None and not _LINE.fullmatch(cursor):
            raise not_ours()
        request = ReadLogsRequest(actor, wanted, None if cursor is None else int(cursor), **asked)
        page = self.read_logs(request)
        after = page.next_after
        link_to_cursor(req, resp, request.limit, None if after is None else str(after))
        write_json(resp, {"log": [_line(line) for line in page.lines]})

    on_head = on_get


def _task(task: Task) -> dict[str, Any]:
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
        "failure": failure and {"code": failure.code.value, "detail": failure.detail},
        "createdAt": timestamp(task.created_at),
        "finishedAt": timestamp(task.finished_at),
    }


def _line(line: LogLine) -> dict[str, Any]:
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
