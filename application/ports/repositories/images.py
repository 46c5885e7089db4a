"""Uploaded pictures, as they are remembered."""

from abc import abstractmethod
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
