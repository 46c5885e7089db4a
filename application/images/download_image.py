"""Get a link to a result."""

from datetime import timedelta
from uuid import UUID

import attrs

from application.actor import Actor
from application.errors import NotFound, NotReady, TaskEndedWithoutResult
from application.images.download_name import download_name
from application.images.require_kept import require_results_kept
from application.ports.download_links import DownloadLinks
from application.ports.unit_of_work import Database


@attrs.frozen
class DownloadImageRequest:
    """Which image, and who asks."""

    actor: Actor
    image_id: UUID


@attrs.frozen
class DownloadImage:
    """
    Return a link that opens the image's newest result for a while.

    Raises:
        NotFound: There is no image by that id, or it is another's.
        NotReady: The result is still being made.
        TaskEndedWithoutResult: There will be none.
        FileGone, ObjectMissing: It is no longer kept, or lost.
    """

    database: Database
    links: DownloadLinks
    link_lifetime: timedelta

    def __call__(self, request: DownloadImageRequest) -> str:
        """Load, compare the owner, sign."""
        with self.database.reading() as work:
            image = work.images.get(request.image_id)
            task = work.tasks.newest_of(request.image_id) if image else None
        if image is None or task is None or image.user_id != request.actor.user_id:
            raise NotFound
        if task.failure is not None:
            raise TaskEndedWithoutResult(task.failure)
        if not task.results:
            raise NotReady(
                f"The image is {task.status.value}; ask again soon.", retry_after_seconds=1
            )
        require_results_kept(task)
        result = task.results[0]
        return self.links.issue(task.id, result, download_name(image, result), self.link_lifetime)
