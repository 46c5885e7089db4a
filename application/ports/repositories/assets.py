"""Pictures that pipelines may name, as they are remembered."""

from abc import abstractmethod
from typing import Protocol
from uuid import UUID

from domain.images.asset import Asset


class Assets(Protocol):
    """Pictures that pipelines may name."""

    @abstractmethod
    def add(self, asset: Asset) -> None:
        """Add an asset, or raise `AlreadyExists` if its owner has one by that name."""

    @abstractmethod
    def find(self, user_id: UUID | None, name: str) -> Asset | None:
        """Return the user's own asset by that name, else the shared one."""
