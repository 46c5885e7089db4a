"""Look through everybody's tasks, over the API."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import attrs

from application.actor import Actor
from application.administration.paging import check_limit
from application.audit import note_alone, record_of
from application.ports.repositories.tasks import TaskFilter
from application.ports.unit_of_work import Database
from domain.tasks.task import Task
from domain.users.audit import AuditAction
from domain.users.roles import Permission


@attrs.frozen
class LookThroughTasksRequest:
    """
    Which tasks, from where on, and how many.

    Attributes:
        after: Creation and id of the last task of the page before; None for the first page.
        limit: 1 to 100.
    """

    actor: Actor
    wanted: TaskFilter
    after: tuple[datetime, UUID] | None = None
    limit: int = attrs.field(default=20, validator=check_limit)


@attrs.frozen
class TasksPage:
    """
    Some tasks without their results, newest first.

    Attributes:
        next_after: `LookThroughTasksRequest.after` of the page that follows; None if there is none.
    """

    tasks: Sequence[Task]
    next_after: tuple[datetime, UUID] | None


@attrs.frozen
class LookThroughTasks:
    """
    Return a page of tasks, whoever they belong to; that somebody looked is remembered.

    Raises:
        NotAllowed: The actor does not manage work.
    """

    database: Database

    def __call__(self, request: LookThroughTasksRequest) -> TasksPage:
        """Judge, note, load one more than asked for, which tells whether a page follows."""
        request.actor.require(Permission.MANAGE_WORK)
        note_alone(self.database, record_of(request.actor, AuditAction.LIST_TASKS))
        with self.database.reading() as work:
            found = work.tasks.page(request.wanted, request.after, request.limit + 1)
        tasks = found[: request.limit]
        follows = len(found) > request.limit
        return TasksPage(tasks, (tasks[-1].created_at, tasks[-1].id) if follows else None)
