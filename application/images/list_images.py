"""Look through one's images."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs

from application.actor import Actor
from application.ports.unit_of_work import Database
from domain.errors import InvalidParameter
from domain.images.image import Image

MAX_PAGE_IMAGES: Final = 100


def check_limit(_: object, __: object, limit: int) -> None:
    """Refuse a page that is empty or too long."""
    if not 1 <= limit <= MAX_PAGE_IMAGES:
        raise InvalidParameter(
            f"must be a whole number from 1 to {MAX_PAGE_IMAGES}", pointer="/limit"
        )


@attrs.frozen
class ListImagesRequest:
    """
    Whose images, from where on, and how many.

    Attributes:
        after: Creation and id of the last image of the page before; None for the first page.
        limit: 1 to `MAX_PAGE_IMAGES`.
    """

    actor: Actor
    after: tuple[datetime, UUID] | None = None
    limit: int = attrs.field(default=20, validator=check_limit)


@attrs.frozen
class ImagesPage:
    """
    Some of a user's images, newest first.

    Attributes:
        next_after: `ListImagesRequest.after` of the page that follows; None if there is none.
    """

    images: Sequence[Image]
    next_after: tuple[datetime, UUID] | None


@attrs.frozen
class ListImages:
    """
    Return a page of the actor's images.

    What is uploaded meanwhile comes before the first page, so no image is seen twice or missed.
    """

    database: Database

    def __call__(self, request: ListImagesRequest) -> ImagesPage:
        """Load one more than asked for, which tells whether a page follows."""
        with self.database.reading() as work:
            found = work.images.page(request.actor.user_id, request.after, request.limit + 1)
        images = found[: request.limit]
        follows = len(found) > request.limit
        return ImagesPage(images, (images[-1].created_at, images[-1].id) if follows else None)
