"""Follow an image."""

from uuid import UUID

import attrs

from application.actor import Actor
from application.errors import NotFound
from application.ports.unit_of_work import Database
from domain.images.image import Image


@attrs.frozen
class ImageStatusRequest:
    """Which image, and who asks."""

    actor: Actor
    image_id: UUID


@attrs.frozen
class ImageStatus:
    """
    Return an image with the status of its newest task.

    Raises:
        NotFound: There is none by that id, or it is another's.
    """

    database: Database

    def __call__(self, request: ImageStatusRequest) -> Image:
        """Load, compare the owner."""
        with self.database.reading() as work:
            image = work.images.get(request.image_id)
        if image is None or image.user_id != request.actor.user_id:
            raise NotFound
        return image
