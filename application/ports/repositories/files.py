"""Which files the store should have, as the rows tell."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from enum import Enum
from typing import Protocol
from uuid import UUID

import attrs

from domain.images.gone import Gone


class FileKind(Enum):
    """What a file is to those who remember it."""

    ORIGINAL = "original"  # an uploaded picture, and the files that came with it
    RESULT = "result"
    ASSET = "asset"


@attrs.frozen
class KeptFile:
    """
    A file that a row names.

    Attributes:
        byte_size: None where the row does not tell.
        sha256: Hex digest; None likewise.
    """

    key: str
    byte_size: int | None = None
    sha256: str | None = None


@attrs.frozen
class Holder:
    """
    A row that names files.

    Attributes:
        id: Of the image, of the task, or of the asset.
        gone: `MISSING` if somebody has looked for the files before; else None.
    """

    kind: FileKind
    id: UUID
    files: tuple[KeptFile, ...]
    gone: Gone | None = None


@attrs.frozen
class Amount:
    """How much there is of something."""

    number: int
    byte_size: int = 0


class Files(Protocol):
    """
    The files that rows name; ages are counted by the database's clock.

    A row whose files were removed names none any more; one whose files are missing still does, for
    they may come back.
    """

    @abstractmethod
    def named(self, holder_ids: Sequence[UUID]) -> frozenset[str]:
        """Return the keys that images, tasks and assets of these ids name."""

    @abstractmethod
    def page(self, kind: FileKind, after: UUID | None, limit: int) -> Sequence[Holder]:
        """Return holders with files, in the order of their ids; an empty page is the last."""

    @abstractmethod
    def count(self, kind: FileKind) -> int:
        """Return how many holders there are."""

    @abstractmethod
    def mark(self, holder: Holder, gone: Gone | None) -> bool:
        """
        Say of a holder why its files are gone; False if another did so in the meantime.

        What was found out about an original goes when that is removed.
        """

    @abstractmethod
    def forget_originals(self, older_than: timedelta, limit: int) -> Sequence[Holder]:
        """
        Mark the oldest originals as removed and return them, at most *limit*.

        What was found out about them goes at once.
        Those that a task still needs stay.
        """

    @abstractmethod
    def forget_results(self, older_than: timedelta, limit: int) -> Sequence[Holder]:
        """Mark the results of the tasks that ended first as removed and return them."""

    @abstractmethod
    def old_originals(self, older_than: timedelta) -> Amount:
        """Return how much `forget_originals` would find in all."""

    @abstractmethod
    def old_results(self, older_than: timedelta) -> Amount:
        """Return how much `forget_results` would find in all."""
