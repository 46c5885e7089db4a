"""Give one's own task up."""

from uuid import UUID

import attrs

from application.actor import Actor
from application.errors import NotFound
from application.ports.clock import Clock
from application.ports.unit_of_work import Database
from domain.errors import IllegalTransition


@attrs.frozen
class CancelTaskRequest:
    """Which task, and who gives it up."""

    actor: Actor
    task_id: UUID


@attrs.frozen
class CancelTask:
    """
    Cancel a task of the actor's own that waits or is in hand.

    It is cancelled once this returns. The worker that has it in hand learns of it within about a
    second, stops in the middle of what it does, and what it has made is thrown away.

    Raises:
        NotFound: There is none by that id, or it is another's.
        IllegalTransition: It has ended already.
    """

    database: Database
    clock: Clock

    def __call__(self, request: CancelTaskRequest) -> None:
        """Load, compare the owner, cancel, save."""
        with self.database.writing() as work:
            task = work.tasks.get(request.task_id)
            if task is None or task.user_id != request.actor.user_id:
                raise NotFound
            before = task.status
            task.cancel(self.clock.now())
            if not work.tasks.save_decided(task, before):
                raise IllegalTransition("the task has just changed; look at it and try again")
            work.commit()
