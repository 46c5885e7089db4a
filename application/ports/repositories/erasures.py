"""What is left of accounts and pictures that are given up, as it is remembered."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import attrs

from domain.users.erasure import Erasure


@attrs.frozen
class ErasedFile:
    """
    A file of an account, or of a picture, that is given up.

    Attributes:
        position: Its place in the receipt, from 1 on.
    """

    position: int
    key: str


class Erasures(Protocol):
    """
    Accounts and pictures that are given up, and the files that no other row names any more.

    A file stays written down when the rows that named it are gone, until it is gone, too: no crash
    leaves one behind.
    """

    @abstractmethod
    def add(self, erasure: Erasure, files: Sequence[str] = ()) -> None:
        """Add an erasure, with the keys of files that are known to go."""

    @abstractmethod
    def get(self, erasure_id: UUID) -> Erasure | None:
        """Return an erasure by its id."""

    @abstractmethod
    def hold(self, erasure_id: UUID) -> Erasure | None:
        """
        Return an erasure that is not done, and keep others off until the transaction ends.

        None if there is none by that id, it is done, or somebody else holds it.
        """

    @abstractmethod
    def save(self, erasure: Erasure) -> None:
        """Save what has changed of a held erasure."""

    @abstractmethod
    def withdraw(self, user_id: UUID, address: str) -> Mapping[str, int]:
        """
        Let nobody in any more as a user, give up their tasks, and forget their name and address.

        What opens doors (sessions, keys), what tells of them (webhooks, letters), and what was
        remembered of their requests is destroyed. Returns how much of it there was, by its name.
        """

    @abstractmethod
    def destroy_pictures(self, erasure: Erasure, limit: int) -> Mapping[str, int]:
        """
        Destroy the rows of at most *limit* of the user's images, or assets if no image is left.

        Their files are written down in the same transaction. Returns how much there was, by its
        name; nothing once nothing is left.
        """

    @abstractmethod
    def destroy_picture(self, image_id: UUID, since: datetime) -> Sequence[str] | None:
        """
        Destroy the rows of one image, whatever its tasks are at; return the keys of its files.

        Those of its tasks that were made after *since* go on counting in `Images.usage_of`.
        None, and nothing is destroyed, if there is no such image, or no longer.
        """

    @abstractmethod
    def undestroyed(self, erasure_id: UUID, limit: int) -> Sequence[ErasedFile]:
        """Return files that may still be in the store."""

    @abstractmethod
    def mark_destroyed(self, erasure_id: UUID, files: Sequence[ErasedFile]) -> None:
        """Remember that files are gone."""

    @abstractmethod
    def files(self, erasure_id: UUID, after: int, limit: int) -> Sequence[ErasedFile]:
        """Return files of an erasure behind the position *after*, gone or not, in their order."""

    @abstractmethod
    def close(self, erasure: Erasure) -> None:
        """Remove the nameless row that is left of the user; the receipt stays."""

    @abstractmethod
    def forget(self, erasure_id: UUID) -> None:
        """Remove an erasure of a picture, but for files of it that may still be in the store."""

    @abstractmethod
    def has_due(self, now: datetime) -> bool:
        """Whether `due` would return any."""

    @abstractmethod
    def due(self, now: datetime, limit: int) -> Sequence[UUID]:
        """Return erasures that are not done, or may be closed, and that nobody has rung for."""

    @abstractmethod
    def postpone(self, erasure_id: UUID, delay: timedelta) -> None:
        """Leave an erasure out of `due` for *delay*, so that one ring is not made twice."""
