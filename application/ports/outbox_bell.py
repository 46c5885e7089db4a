"""Wakes the relay the moment something lies in the outbox."""

from abc import abstractmethod
from typing import Protocol


class OutboxBell(Protocol):
    """A bell between processes; a lost ring costs time, never a message."""

    @abstractmethod
    def ring(self) -> None:
        """Wake whoever waits; never waits and never fails."""

    @abstractmethod
    def wait(self, seconds: float) -> bool:
        """Return True as soon as the bell rings, or False after *seconds*."""
