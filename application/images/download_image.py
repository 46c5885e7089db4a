"""Get a link to a result."""

from datetime import timedelta
from uuid import UUID

import attrs

from application.actor import Actor
from application.errors import NotFound
from application.images.download_name import download_name
from application.images.newest_results import newest_results
from application.ports.download_links import DownloadLinks
from application.ports.unit_of_work import Database
from domain.images.pipeline import MAIN


@attrs.frozen
class DownloadImageRequest:
    """Which result of which image, and who asks."""

    actor: Actor
    image_id: UUID
    variant: str = MAIN


@attrs.frozen
class DownloadImage:
    """
    Return a link that opens one of the image's newest results for a while.

    Raises:
        NotFound: There is no image by that id, no such result, or it is another's.
        NotReady: The result is still being made.
        TaskEndedWithoutResult: There will be none.
        FileGone, ObjectMissing: It is no longer kept, or lost.
    """

    database: Database
    links: DownloadLinks
    link_lifetime: timedelta

    def __call__(self, request: DownloadImageRequest) -> str:
        """Load, choose, sign."""
        image, task = newest_results(self.database, request.actor, request.image_id)
        for result in task.results:
            if result.variant == request.variant:
                name = download_name(image, result)
                return self.links.issue(task.id, result, name, self.link_lifetime)
        raise NotFound
