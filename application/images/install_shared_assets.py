"""Put the pictures that ship with the product where everybody's pipelines find them."""

import hashlib
from collections.abc import Mapping

import attrs

from application.errors import AlreadyExists
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.object_store import ObjectStore
from application.ports.unit_of_work import Database
from domain.images.asset import Asset, AssetKind


@attrs.frozen
class InstallSharedAssets:
    """
    Add each shipped picture that no shared asset of that name has replaced.

    Attributes:
        shipped: The pictures' bytes by their names.
    """

    database: Database
    object_store: ObjectStore
    clock: Clock
    ids: Ids
    shipped: Mapping[str, bytes]

    def __call__(self) -> None:
        """Look, store the bytes, add the row."""
        for name, content in self.shipped.items():
            with self.database.reading() as work:
                if work.assets.owned(None, name) is not None:
                    continue
            asset_id = self.ids.new()
            key = f"{asset_id}/0"
            with self.object_store.stage() as staged:
                staged.write(content)
                self.object_store.put(key, staged)
            asset = Asset(
                id=asset_id,
                user_id=None,
                name=name,
                kind=AssetKind.PICTURE,
                file_path=key,
                byte_size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                created_at=self.clock.now(),
            )
            if not self._add(asset):
                self.object_store.delete(key)

    def _add(self, asset: Asset) -> bool:
        """Add *asset* unless another process, started at the same time, has been quicker."""
        try:
            with self.database.writing() as work:
                work.assets.add(asset)
                work.commit()
        except AlreadyExists:
            return False
        return True
