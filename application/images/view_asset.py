"""Look at one asset."""

import attrs

from application.actor import Actor
from application.errors import NotFound
from application.ports.unit_of_work import Database
from domain.images.asset import Asset


@attrs.frozen
class ViewAssetRequest:
    """Which asset; *shared* for everybody's, else the actor's own goes before it."""

    actor: Actor
    name: str
    shared: bool = False


@attrs.frozen
class ViewAsset:
    """
    Return what the actor's pipelines mean by a name.

    Raises:
        NotFound: There is none by that name, or it is another's.
    """

    database: Database

    def __call__(self, request: ViewAssetRequest) -> Asset:
        """Look for it."""
        with self.database.reading() as work:
            asset = work.assets.find(
                None if request.shared else request.actor.user_id, request.name
            )
        if asset is None:
            raise NotFound("There is no asset by that name.")
        return asset
