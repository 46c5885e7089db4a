"""Presets, as they are remembered."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.images.preset import Preset


class Presets(Protocol):
    """
    Pipelines by name, in versions that stay as they are.

    A `user_id` of None stands for what is shared. A name that was removed keeps its versions, so
    that a number never means two things; but nobody finds them until the name is there again.
    """

    @abstractmethod
    def last_version(self, user_id: UUID | None, name: str) -> int:
        """
        Return the number of the last version that the name has ever had; 0 if it had none.

        Others who ask for that of the same name wait until this transaction ends.
        """

    @abstractmethod
    def add(self, preset: Preset) -> None:
        """
        Add a version, which is from now on what the name stands for.

        Raises:
            AlreadyExists: There is that version, or somebody else has just made the name.
        """

    @abstractmethod
    def find(self, user_id: UUID | None, name: str, version: int | None = None) -> Preset | None:
        """
        Return what *user_id* means by a name: their own preset, else the shared one.

        Whose name it is, is decided first: a version that one's own preset lacks is not taken from
        the shared one.

        Args:
            version: None for the newest.
        """

    @abstractmethod
    def versions(
        self, user_id: UUID | None, name: str, before: int | None, limit: int
    ) -> Sequence[Preset]:
        """
        Return versions of what *user_id* means by a name, newest first.

        Args:
            before: Number of the last one of the page before; None for the first page.
        """

    @abstractmethod
    def page(
        self, user_id: UUID | None, after: tuple[str, bool] | None, limit: int
    ) -> Sequence[Preset]:
        """
        Return the user's presets and the shared ones by name, one's own first, newest versions.

        Args:
            after: Name of the last one of the page before, and whether it was a shared one.
        """

    @abstractmethod
    def count(self, user_id: UUID | None, at_most: int) -> int:
        """Return how many presets that owner has, counting no further than *at_most*."""

    @abstractmethod
    def remove(self, user_id: UUID | None, name: str) -> None:
        """Let nobody find that owner's preset any longer."""
