"""Pictures and fonts that pipelines may name, as they are remembered."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.ports.repositories.files import Amount
from domain.images.asset import Asset, AssetKind


class Assets(Protocol):
    """Pictures and fonts that pipelines may name; one without an owner is everybody's."""

    @abstractmethod
    def add(self, asset: Asset) -> None:
        """Add an asset, or raise `AlreadyExists` if its owner has one by that name."""

    @abstractmethod
    def find(self, user_id: UUID | None, name: str, kind: AssetKind | None = None) -> Asset | None:
        """
        Return the user's own asset by that name, else the shared one.

        With *kind*, one of another kind is passed over.
        """

    @abstractmethod
    def owned(self, user_id: UUID | None, name: str) -> Asset | None:
        """Return the asset by that name whose owner the user is; None owns what is shared."""

    @abstractmethod
    def page(
        self, user_id: UUID, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[Asset]:
        """
        Return the user's own assets and the shared ones, newest first, by id within a moment.

        Args:
            after: Creation and id of the last one of the page before; None for the first page.
        """

    @abstractmethod
    def amount_of(self, user_id: UUID) -> Amount:
        """Return how many assets the user owns, and their bytes."""

    @abstractmethod
    def remove(self, asset_id: UUID) -> bool:
        """Forget an asset; False if it was not there."""
