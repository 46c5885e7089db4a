"""How long to wait before something is tried again."""

import random
from collections.abc import Callable
from datetime import timedelta

import attrs

Draw = Callable[[], float]
"""Returns a number from 0 up to 1, all equally likely."""


@attrs.frozen
class BackOff:
    """
    Exponential back-off with full jitter: those who failed together do not come back together.

    Attributes:
        first: Longest wait after the first failure; each further failure doubles it.
        longest: Where the doubling ends.
    """

    first: timedelta
    longest: timedelta
    draw: Draw = random.random

    def after(self, failures: int) -> timedelta:
        """Draw the wait after *failures* failures in a row."""
        doublings: int = 2 ** min(failures - 1, 16)
        return self.draw() * min(self.longest, self.first * doublings)
