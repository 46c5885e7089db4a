"""Uploaded pictures, as they are remembered."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.images.image import Image
from domain.tasks.task import Task


class Images(Protocol):
    """Uploaded pictures."""

    @abstractmethod
    def add(self, image: Image, task: Task) -> None:
        """Add a picture with the first task over it, and the task's events to the outbox."""

    @abstractmethod
    def get(self, image_id: UUID) -> Image | None:
        """Return a picture by its id."""

    @abstractmethod
    def page(
        self, user_id: UUID, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[Image]:
        """
        Return a user's pictures, newest first; of those of one moment, the highest id first.

        A page costs the same however deep it lies.

        Args:
            after: Creation and id of the last one of the page before; None for the first page.
        """
