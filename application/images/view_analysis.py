"""Tell what was found out about an image."""

from uuid import UUID

import attrs

from application.actor import Actor
from application.errors import FileGone, NotAnalyzed, NotFound, NotReady, TaskEndedWithoutResult
from application.ports.unit_of_work import Database
from domain.images.analysis import Analysis
from domain.images.gone import Gone
from domain.images.image import Image
from domain.tasks.task import Task


@attrs.frozen
class ViewAnalysisRequest:
    """Which image, and who asks."""

    actor: Actor
    image_id: UUID


@attrs.frozen
class ViewAnalysis:
    """
    Return what the newest completed task that was asked about an image has found out.

    Raises:
        NotFound: There is no image by that id, or it is another's.
        NotReady: Nothing has been found out yet; the newest task is at it.
        TaskEndedWithoutResult: Nothing has been found out, and the newest task failed.
        FileGone: The picture is no longer kept, and neither is what was found out about it.
        NotAnalyzed: Nobody has asked.
    """

    database: Database

    def __call__(self, request: ViewAnalysisRequest) -> Analysis:
        """Load, or say why there is none."""
        with self.database.reading() as work:
            image = work.images.get(request.image_id)
            task = work.tasks.newest_of(request.image_id) if image else None
            analysis = work.tasks.newest_analysis_of(request.image_id) if image else None
        if image is None or task is None or image.user_id != request.actor.user_id:
            raise NotFound
        if analysis is None:
            raise _why_not(image, task)
        return analysis


def _why_not(image: Image, task: Task) -> Exception:
    if task.pipeline is None or task.pipeline.analyze:
        if not task.status.is_final:
            return NotReady(
                f"The image is {task.status.value}; ask again soon.", retry_after_seconds=1
            )
        if task.failure is not None:
            return TaskEndedWithoutResult(task.failure)
        if image.gone is Gone.REMOVED:
            return FileGone(
                "The picture was kept for a while and is no longer, nor is what was found out "
                "about it. Upload it again."
            )
    return NotAnalyzed(
        'Nothing was asked about the picture; upload it with "analyze" in its processing options.'
    )
