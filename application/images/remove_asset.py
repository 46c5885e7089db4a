"""Stop keeping an asset."""

from contextlib import suppress

import attrs

from application.actor import Actor
from application.audit import record_of
from application.errors import AssetInUse, NotFound
from application.ports.object_store import ObjectStore, StorageUnavailable
from application.ports.unit_of_work import Database, UnitOfWork
from application.presets.add_preset import MAX_PRESETS
from domain.images.asset import Asset
from domain.users.audit import AuditAction
from domain.users.roles import Permission


@attrs.frozen
class RemoveAssetRequest:
    """Which asset: the actor's own, or with *shared* everybody's."""

    actor: Actor
    name: str
    shared: bool = False


@attrs.frozen
class RemoveAsset:
    """
    Forget an asset that nothing needs any longer.

    The row first, its bytes second: a crash in between, or a store that is away, leaves a stray
    object, which is swept up.
    A task that is queued in the same moment fails, and says what it lacks.

    Raises:
        NotAllowed: The actor may not decide what everybody may use.
        NotFound: The owner has none by that name.
        AssetInUse: A task that has not ended needs it, or a preset of its owner names it.
    """

    database: Database
    object_store: ObjectStore

    def __call__(self, request: RemoveAssetRequest) -> None:
        """Look who needs it, remove the row, then the bytes."""
        if request.shared:
            request.actor.require(Permission.MANAGE_SHARED_ASSETS)
        owner = None if request.shared else request.actor.user_id
        with self.database.writing() as work:
            asset = work.assets.owned(owner, request.name)
            if asset is None:
                raise NotFound("You have no asset by that name.")
            _refuse_if_needed(work, asset)
            if work.assets.remove(asset.id) and asset.is_shared:
                work.audit.add(
                    record_of(request.actor, AuditAction.REMOVE_SHARED_ASSET, f"asset:{asset.name}")
                )
            work.commit()
        with suppress(StorageUnavailable):
            self.object_store.delete(asset.file_path)


def _refuse_if_needed(work: UnitOfWork, asset: Asset) -> None:
    """Ask everybody who may still name *asset*; of presets, as they are now, its owner's."""
    if work.tasks.need_file(asset.file_path):
        raise AssetInUse("A task that has not ended needs it; wait for it, or cancel it.")
    for preset in work.presets.page(asset.user_id, None, 2 * MAX_PRESETS):  # shared ones among them
        names = preset.pipeline.asset_names if preset.pipeline else ()
        if preset.user_id == asset.user_id and asset.name in names:
            raise AssetInUse(
                f"The preset {preset.name!r} names it; change or remove that preset first."
            )
