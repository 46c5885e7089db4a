"""New identifiers."""

from abc import abstractmethod
from typing import Protocol
from uuid import UUID


class Ids(Protocol):
    """Makes identifiers that nothing else has."""

    @abstractmethod
    def new(self) -> UUID:
        """Return a new random identifier."""
