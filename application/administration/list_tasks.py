"""Look through tasks, whoever they belong to."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import attrs

from application.errors import NotFound
from application.ports.repositories.tasks import TaskFilter
from application.ports.unit_of_work import Database
from domain.tasks.task import Task


@attrs.frozen
class ListTasks:
    """Return tasks of one status, newest first, a page at a time."""

    database: Database

    def __call__(self, wanted: TaskFilter, after: UUID | None, limit: int) -> Sequence[Task]:
        """
        Return the page that follows the task *after*, or the first one.

        Raises:
            NotFound: There is no task *after*.
        """
        with self.database.reading() as work:
            last = None if after is None else work.tasks.get(after)
            if after is not None and last is None:
                raise NotFound
            before = None if last is None else (last.created_at, last.id)
            return work.tasks.page(wanted, before, limit)

    def every(self, wanted: TaskFilter, page: int = 100) -> Iterator[Task]:
        """Yield all of them; whoever changes them on the way neither skips nor repeats any."""
        last: Task | None = None
        while True:
            with self.database.reading() as work:
                before = None if last is None else (last.created_at, last.id)
                found = work.tasks.page(wanted, before, page)
            yield from found
            if len(found) < page:
                return
            last = found[-1]
