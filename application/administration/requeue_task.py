"""Put a failed task back."""

from uuid import UUID

import attrs

from application.actor import Actor
from application.audit import Doer, record_of
from application.errors import FileGone, NotFound
from application.ports.unit_of_work import Database
from domain.errors import IllegalTransition
from domain.users.audit import AuditAction
from domain.users.roles import Permission


@attrs.frozen
class RequeueTask:
    """
    Put a failed task back into the queue, with all its attempts and its notices before it.

    Trouble that can heal is waited out until a day after the upload, as ever: a task older than
    that has one attempt at a store that is away.

    Raises:
        NotAllowed: The actor does not manage work.
        NotFound: There is none by that id.
        IllegalTransition: It has not failed, or somebody else has just put it back.
        FileGone: The picture is no longer kept.
    """

    database: Database

    def __call__(self, task_id: UUID, who: Doer) -> None:
        """Load, look for the picture, save; the outbox rings in the same transaction."""
        if isinstance(who, Actor):
            who.require(Permission.MANAGE_WORK)
        with self.database.writing() as work:
            task = work.tasks.get(task_id)
            image = work.images.get(task.image_id) if task else None
            if task is None or image is None:
                raise NotFound
            before = task.status
            task.requeue()
            if image.gone is not None:
                raise FileGone(f"Its picture is {image.gone.value}.")
            if not work.tasks.save_decided(task, before):
                raise IllegalTransition("the task has just changed")
            work.deliveries.remove_of(task.id)
            work.audit.add(record_of(who, AuditAction.REQUEUE_TASK, f"task:{task.id}"))
            work.commit()
