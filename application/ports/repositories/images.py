"""Uploaded pictures, as they are remembered."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import attrs

from domain.images.image import Image
from domain.tasks.task import Task


@attrs.frozen
class Usage:
    """
    What one account has.

    Attributes:
        images: Pictures whose file is kept.
        bytes_stored: Of those files and of the results that are kept.
        tasks: Made since a moment, be their pictures erased or not.
        oldest_task_at: When the first of those was made; None if there are none.
    """

    images: int
    bytes_stored: int
    tasks: int
    oldest_task_at: datetime | None = None


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

    @abstractmethod
    def usage_of(self, user_id: UUID, since: datetime) -> Usage:
        """Add up what a user has, tasks after *since* only; it costs more the more they have."""
