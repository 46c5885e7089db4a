"""Give a task up for good."""

from uuid import UUID

import attrs

from application.actor import Actor
from application.audit import Doer, record_of
from application.errors import NotFound
from application.ports.clock import Clock
from application.ports.object_store import ObjectStore
from application.ports.repositories.files import FileKind, Holder
from application.ports.unit_of_work import Database
from domain.errors import IllegalTransition
from domain.images.gone import Gone
from domain.users.audit import AuditAction
from domain.users.roles import Permission


@attrs.frozen
class DropTask:
    """
    Cancel a failed or queued task, and remove the picture it was over.

    The rows stay, so that the owner can see what became of it. The picture's row says that the
    files are gone before they are: a crash in between leaves stray objects, never a row that
    promises what is not there.

    Raises:
        NotAllowed: The actor does not manage work.
        NotFound: There is none by that id.
        IllegalTransition: It has been claimed or has ended otherwise.
    """

    database: Database
    object_store: ObjectStore
    clock: Clock

    def __call__(self, task_id: UUID, who: Doer) -> None:
        """Load, cancel, save; then delete."""
        if isinstance(who, Actor):
            who.require(Permission.MANAGE_WORK)
        with self.database.writing() as work:
            task = work.tasks.get(task_id)
            image = work.images.get(task.image_id) if task else None
            newest = work.tasks.newest_of(task.image_id) if task else None
            if task is None or image is None:
                raise NotFound
            before = task.status
            task.drop(self.clock.now())
            if not work.tasks.save_decided(task, before):
                raise IllegalTransition("the task has just changed")
            keys: list[str] = []
            if newest is not None and newest.id == task.id:
                holder = Holder(FileKind.ORIGINAL, image.id, (), image.gone)
                if work.files.mark(holder, Gone.REMOVED):
                    attached = f"{image.id}/"
                    keys = [image.file_path]
                    keys += [key for key in task.assets.values() if key.startswith(attached)]
            work.audit.add(record_of(who, AuditAction.DROP_TASK, f"task:{task.id}"))
            work.commit()
        for key in keys:
            self.object_store.delete(key)
