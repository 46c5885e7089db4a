"""The image workers that there are, as each tells of itself."""

from abc import abstractmethod
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import attrs

from domain.images.abilities import Abilities


@attrs.frozen
class Worker:
    """
    A process that draws.

    Attributes:
        id: Its own since it was started.
        host: The name of its machine, as that has it.
        pid: Its process id there.
    """

    id: UUID
    host: str
    pid: int
    abilities: Abilities


class Workers(Protocol):
    """Workers that have told of themselves; ages are counted by the database's clock."""

    @abstractmethod
    def see(self, worker: Worker) -> None:
        """Remember that *worker* is there now, and what it can do."""

    @abstractmethod
    def seen_within(self, age: timedelta) -> list[Worker]:
        """Return those that have told of themselves since then, the newest process last."""

    @abstractmethod
    def leave(self, worker_id: UUID) -> None:
        """Forget one that ends; one that is unknown is forgotten already."""

    @abstractmethod
    def forget_silent(self, age: timedelta) -> int:
        """Forget those that have said nothing for so long, and return how many."""
