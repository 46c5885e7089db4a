"""What is over and kept for looking back only: attempts, notices, signings-in."""

from abc import abstractmethod
from datetime import timedelta
from typing import Protocol


class History(Protocol):
    """Attempts at tasks, notices and letters that are over, sessions that have ended."""

    @abstractmethod
    def count_older_than(self, age: timedelta) -> int:
        """Return how many of them there are, by the database's clock."""

    @abstractmethod
    def remove_older_than(self, age: timedelta, limit: int) -> int:
        """Forget at most *limit* of each kind, the oldest first; return how many in all."""
