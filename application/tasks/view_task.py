"""Look at a task."""

from collections.abc import Sequence
from uuid import UUID

import attrs

from application.actor import Actor
from application.errors import NotFound
from application.ports.unit_of_work import Database
from domain.notifications.delivery import Delivery
from domain.tasks.log_entry import LogEntry
from domain.tasks.task import Task


@attrs.frozen
class ViewTaskRequest:
    """Which task, and who asks."""

    actor: Actor
    task_id: UUID


@attrs.frozen
class TaskView:
    """A task, what became of each attempt, and who has been told."""

    task: Task
    log: Sequence[LogEntry]
    deliveries: Sequence[Delivery]


@attrs.frozen
class ViewTask:
    """
    Return a task of the actor's own with its log.

    Raises:
        NotFound: There is none by that id, or it is another's.
    """

    database: Database

    def __call__(self, request: ViewTaskRequest) -> TaskView:
        """Load, compare the owner."""
        with self.database.reading() as work:
            task = work.tasks.get(request.task_id)
            if task is None or task.user_id != request.actor.user_id:
                raise NotFound
            return TaskView(
                task, work.processing_log.of_task(task.id), work.deliveries.of_task(task.id)
            )
