"""Places where a test may stop the process dead, to see what is left."""

from abc import abstractmethod
from typing import Protocol


class Failpoints(Protocol):
    """Marks the moments between two durable steps; does nothing unless a test arms one."""

    @abstractmethod
    def reach(self, name: str) -> None:
        """Say that the moment *name* has been reached; an armed one never returns."""
