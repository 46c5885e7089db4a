"""Put the pictures that ship with the product where everybody's pipelines find them."""

import hashlib
from collections.abc import Mapping

import attrs

from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.object_store import ObjectStore
from application.ports.unit_of_work import Asset, Database


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
                if work.assets.find(None, name) is not None:
                    continue
            asset_id = self.ids.new()
            key = f"{asset_id}/0"
            with self.object_store.stage() as staged:
                staged.write(content)
                self.object_store.put(key, staged)
            with self.database.writing() as work:
                # Asked again inside the transaction: two processes may start at once.
                if work.assets.find(None, name) is None:
                    work.assets.add(
                        Asset(
                            id=asset_id,
                            user_id=None,
                            name=name,
                            file_path=key,
                            sha256=hashlib.sha256(content).hexdigest(),
                            created_at=self.clock.now(),
                        )
                    )
                    work.commit()
