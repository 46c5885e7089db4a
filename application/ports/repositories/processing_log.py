"""What became of each attempt, as it is remembered."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import attrs

from domain.tasks.log_entry import LogEntry


@attrs.frozen
class LogFilter:
    """Which attempts are meant; None for whichever."""

    task_id: UUID | None = None
    user_id: UUID | None = None
    outcome: str | None = None


@attrs.frozen
class LogLine:
    """An entry in its place, and whose task it is of."""

    id: int
    user_id: UUID
    entry: LogEntry


class ProcessingLog(Protocol):
    """What became of each attempt."""

    @abstractmethod
    def add(self, entry: LogEntry) -> None:
        """Add an entry."""

    @abstractmethod
    def of_task(self, task_id: UUID) -> Sequence[LogEntry]:
        """Return a task's entries, oldest first."""

    @abstractmethod
    def page(self, wanted: LogFilter, before: int | None, limit: int) -> Sequence[LogLine]:
        """
        Return entries, newest first.

        Args:
            before: Id of the last one of the page before; None for the first page.
        """
