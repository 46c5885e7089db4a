"""Counts how often something happens, for all processes and hosts together."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import attrs


@attrs.frozen
class Limit:
    """
    How often something may happen within a window of time.

    Attributes:
        name: What is told of it, such as `address`.
        subject: What is counted; everybody who counts it counts together.
        most: At least 1.
        window: Begins with the first count and is not moved by further ones.
    """

    name: str
    subject: str
    most: int
    window: timedelta


@attrs.frozen
class Standing:
    """
    What has become of a limit.

    Attributes:
        used: Counts in the window, this one among them.
        ends_in: When the window is over, never negative.
    """

    limit: Limit
    used: int
    ends_in: timedelta

    @property
    def is_over(self) -> bool:
        """Whether this count was one too many."""
        return self.used > self.limit.most

    @property
    def left(self) -> int:
        """How many more there may be in the window."""
        return max(0, self.limit.most - self.used)


class RateLimiter(Protocol):
    """
    Counts exactly, however many count at once; windows are measured by one clock.

    Raises:
        PortFailure: It is not there, and has counted some or none.
    """

    @abstractmethod
    def count(self, limits: Sequence[Limit]) -> list[Standing]:
        """Count one more under each in turn, and none behind the first that is over."""

    @abstractmethod
    def take_back(self, limits: Sequence[Limit]) -> None:
        """Count one less under each."""

    @abstractmethod
    def forget(self, limits: Sequence[Limit]) -> None:
        """Let each begin anew."""

    @abstractmethod
    def forget_ended(self, at_most: int) -> int:
        """Forget windows that are over, and return how many."""
