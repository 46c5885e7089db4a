"""List the results of an image."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import attrs

from application.actor import Actor
from application.images.download_name import download_name
from application.images.newest_results import newest_results
from application.ports.download_links import DownloadLinks
from application.ports.unit_of_work import Database
from domain.tasks.task import Result


@attrs.frozen
class ListVariantsRequest:
    """Which image, and who asks."""

    actor: Actor
    image_id: UUID


@attrs.frozen
class OfferedResult:
    """A result and a link that opens it for a while."""

    result: Result
    url: str


@attrs.frozen
class ListVariants:
    """
    Return all newest results of an image, the main one first, each with a link.

    Raises:
        NotFound: There is no image by that id, or it is another's.
        NotReady: The results are still being made.
        TaskEndedWithoutResult: There will be none.
        FileGone, ObjectMissing: They are no longer kept, or lost.
    """

    database: Database
    links: DownloadLinks
    link_lifetime: timedelta

    def __call__(self, request: ListVariantsRequest) -> Sequence[OfferedResult]:
        """Load, sign each."""
        image, task = newest_results(self.database, request.actor, request.image_id)
        return [
            OfferedResult(
                result,
                self.links.issue(task.id, result, download_name(image, result), self.link_lifetime),
            )
            for result in task.results
        ]
