"""What became of each attempt, as it is remembered."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.tasks.log_entry import LogEntry


class ProcessingLog(Protocol):
    """What became of each attempt."""

    @abstractmethod
    def add(self, entry: LogEntry) -> None:
        """Add an entry."""

    @abstractmethod
    def of_task(self, task_id: UUID) -> Sequence[LogEntry]:
        """Return a task's entries, oldest first."""
