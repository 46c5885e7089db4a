"""Look through one's tasks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs

from application.actor import Actor
from application.ports.unit_of_work import Database
from domain.errors import InvalidParameter
from domain.tasks.task import Task, TaskStatus

MAX_PAGE_TASKS: Final = 100


def _check_limit(_: object, __: object, limit: int) -> None:
    if not 1 <= limit <= MAX_PAGE_TASKS:
        raise InvalidParameter(
            f"must be a whole number from 1 to {MAX_PAGE_TASKS}", pointer="/limit"
        )


@attrs.frozen
class ListOwnTasksRequest:
    """
    Whose tasks, which of them, from where on, and how many.

    Attributes:
        status: None for tasks of every status.
        after: Creation and id of the last task of the page before; None for the first page.
        limit: 1 to `MAX_PAGE_TASKS`.
    """

    actor: Actor
    status: TaskStatus | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = attrs.field(default=20, validator=_check_limit)


@attrs.frozen
class OwnTasksPage:
    """
    Some of a user's tasks, newest first, without their results.

    Attributes:
        next_after: `ListOwnTasksRequest.after` of the page that follows; None if there is none.
    """

    tasks: Sequence[Task]
    next_after: tuple[datetime, UUID] | None


@attrs.frozen
class ListOwnTasks:
    """
    Return a page of the actor's tasks.

    What is asked for meanwhile comes before the first page, so no task is seen twice or missed.
    """

    database: Database

    def __call__(self, request: ListOwnTasksRequest) -> OwnTasksPage:
        """Load one more than asked for, which tells whether a page follows."""
        with self.database.reading() as work:
            found = work.tasks.page_of(
                request.actor.user_id, request.status, request.after, request.limit + 1
            )
        tasks = found[: request.limit]
        follows = len(found) > request.limit
        return OwnTasksPage(tasks, (tasks[-1].created_at, tasks[-1].id) if follows else None)
