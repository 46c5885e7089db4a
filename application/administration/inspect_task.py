"""Look at a task, whoever it belongs to."""

from uuid import UUID

import attrs

from application.errors import NotFound
from application.ports.unit_of_work import Database
from application.tasks.view_task import TaskView


@attrs.frozen
class InspectTask:
    """
    Return a task with its log and its notices.

    Raises:
        NotFound: There is none by that id.
    """

    database: Database

    def __call__(self, task_id: UUID) -> TaskView:
        """Load."""
        with self.database.reading() as work:
            task = work.tasks.get(task_id)
            if task is None:
                raise NotFound
            return TaskView(
                task, work.processing_log.of_task(task.id), work.deliveries.of_task(task.id)
            )
