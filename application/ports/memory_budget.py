"""Shares the memory of a host among those who draw on it."""

from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from application.errors import PortFailure


class WaitAbandoned(PortFailure):
    """Nobody waits for the memory any longer."""

    code = "wait-abandoned"


class MemoryBudgetUnavailable(PortFailure):
    """The shares of others cannot be seen for now; try again."""

    code = "memory-budget-unavailable"
    transient = True


class MemoryBudget(Protocol):
    """So many bytes for everybody on this host, in whatever process."""

    @abstractmethod
    def share(self, need_bytes: int, is_wanted: Callable[[], bool]) -> AbstractContextManager[None]:
        """
        Wait until *need_bytes* are free, and hold them until the block is left.

        Who needs more than the whole budget gets all of it, and so is alone. Small needs may pass
        a large one for a moment, but not for ever. What a process held is free when it has died.
        Thread-safe.

        Args:
            is_wanted: Asked about once a second while waiting; whether to go on.

        Raises:
            WaitAbandoned: *is_wanted* said no.
            MemoryBudgetUnavailable: It cannot be told what is free.
        """
