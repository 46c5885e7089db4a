"""Small things to be done that nobody waits for."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol


class Errands(Protocol):
    """Takes errands off whoever has somebody waiting; thread-safe."""

    @abstractmethod
    def run_soon(self, errand: Callable[[], None]) -> None:
        """
        Have *errand* run in a moment, by somebody else.

        It may be lost: if many wait already, if it fails, or if the process ends before.
        """
