"""Find what an image has become."""

from uuid import UUID

from application.actor import Actor
from application.errors import NotFound, NotReady, TaskEndedWithoutResult
from application.images.require_kept import require_results_kept
from application.ports.unit_of_work import Database
from domain.images.image import Image
from domain.tasks.task import Task


def newest_results(database: Database, actor: Actor, image_id: UUID) -> tuple[Image, Task]:
    """
    Return an image of the actor's own, and its newest task with the results.

    Raises:
        NotFound: There is no image by that id, or it is another's.
        NotReady: The results are still being made.
        TaskEndedWithoutResult: There will be none.
        FileGone, ObjectMissing: They are no longer kept, or lost.
    """
    with database.reading() as work:
        image = work.images.get(image_id)
        task = work.tasks.newest_of(image_id) if image else None
    if image is None or task is None or image.user_id != actor.user_id:
        raise NotFound
    if task.failure is not None:
        raise TaskEndedWithoutResult(task.failure)
    if not task.results:
        raise NotReady(f"The image is {task.status.value}; ask again soon.", retry_after_seconds=1)
    require_results_kept(task)
    return image, task
