"""Keep a picture, or a font, that pipelines may name."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import attrs

from application.actor import Actor
from application.audit import record_of
from application.errors import AlreadyExists, TooManyAssets
from application.idempotency import IdempotencyKey, RequestInProgress
from application.images.inspect_file import InspectFile
from application.images.stage_file import StagedFile
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.object_store import ObjectStore
from application.ports.repositories.idempotency_keys import TwinRequest
from application.ports.unit_of_work import (
    CommitUnknown,
    Database,
    DatabaseUnavailable,
    UnitOfWork,
)
from domain.errors import InvalidParameter
from domain.images.asset import Asset, AssetAllowance, AssetKind, checked_asset_name
from domain.images.image import safe_label
from domain.users.audit import AuditAction
from domain.users.roles import Permission


@attrs.frozen
class AddAssetRequest:
    """
    A file to keep, and for whom.

    Attributes:
        name: By which pipelines will name it; None for that of the file.
        shared: Whether everybody may use it.
    """

    actor: Actor
    file: StagedFile
    name: str | None = None
    shared: bool = False
    idempotency: IdempotencyKey | None = None


@attrs.frozen
class AddedAsset:
    """The asset; *replayed* if an earlier request of the same key added it."""

    asset: Asset
    replayed: bool = False


@attrs.frozen
class AddAsset:
    """
    Store a picture or a font under a name that the owner has not used.

    Bytes first, row second, as with uploads. What its content is decides its kind; it replaces
    nothing, for tasks that wait were promised what was there.

    Raises:
        NotAllowed: The actor may not process images, or not decide what everybody may use.
        ImageRefused: The file breaks the upload policy, or is neither a picture nor a font.
        MalwareFound: The scanner knows what is in it.
        InvalidParameter: Pipelines could not name it.
        AlreadyExists: There is one by that name.
        TooManyAssets: The account may not have so many, or so much.
        IdempotencyKeyReused: The key stands for another request.
        RequestInProgress: The same request has come at the same time.
        ScannerUnavailable, StorageUnavailable, DatabaseUnavailable: Nothing was kept.
    """

    database: Database
    object_store: ObjectStore
    inspect: InspectFile
    allowance: AssetAllowance
    clock: Clock
    ids: Ids

    def __call__(self, request: AddAssetRequest) -> AddedAsset:
        """Judge it, look whether there is room, store the bytes, write the row."""
        request.actor.require(Permission.PROCESS_IMAGES)
        if request.shared:
            request.actor.require(Permission.MANAGE_SHARED_ASSETS)
        kind = self.inspect.asset(request.file, request.actor)
        given = request.name
        if given is None:
            if request.file.file_name is None:
                raise InvalidParameter("is missing, and the file has none", pointer="/name")
            given = safe_label(request.file.file_name)
        asset_id = self.ids.new()
        asset = Asset(
            id=asset_id,
            user_id=None if request.shared else request.actor.user_id,
            name=checked_asset_name(given, kind),
            kind=kind,
            file_path=f"{asset_id}/0",
            byte_size=request.file.byte_size,
            sha256=request.file.sha256,
            created_at=self.clock.now(),
        )
        with self.database.reading() as work:
            if earlier := _earlier(work, request):
                return earlier
            self._check_room(work, asset)
        self.object_store.put(asset.file_path, request.file.staged)
        try:
            return self._add(asset, request)
        except CommitUnknown:
            # It may have been kept; a stray object is the lesser evil, and is swept up.
            raise
        except (DatabaseUnavailable, AlreadyExists, TooManyAssets):
            self.object_store.delete(asset.file_path)
            raise
        except TwinRequest as twin:
            self.object_store.delete(asset.file_path)
            raise RequestInProgress from twin

    def _add(self, asset: Asset, request: AddAssetRequest) -> AddedAsset:
        with self.database.writing() as work:
            work.users.hold(request.actor.user_id)  # so that they are not counted twice at once
            if request.idempotency:
                request.idempotency.remember(work, **_reply_of(asset))
            self._check_room(work, asset)
            work.assets.add(asset)
            if asset.is_shared:
                work.audit.add(
                    record_of(request.actor, AuditAction.ADD_SHARED_ASSET, f"asset:{asset.name}")
                )
            work.commit()
        return AddedAsset(asset)

    def _check_room(self, work: UnitOfWork, asset: Asset) -> None:
        if work.assets.owned(asset.user_id, asset.name) is not None:
            raise AlreadyExists(
                f"There is an asset named {asset.name!r}; delete it first, or choose another name."
            )
        if asset.user_id is None:
            return
        there = work.assets.amount_of(asset.user_id)
        if there.number >= self.allowance.number:
            raise TooManyAssets(f"An account may have {self.allowance.number} assets; delete one.")
        if there.byte_size + asset.byte_size > self.allowance.byte_size:
            raise TooManyAssets(
                f"The assets of an account may have {self.allowance.byte_size} bytes in all; "
                f"{self.allowance.byte_size - there.byte_size} are left."
            )


def _earlier(work: UnitOfWork, request: AddAssetRequest) -> AddedAsset | None:
    if request.idempotency is None or (reply := request.idempotency.reply(work)) is None:
        return None
    return AddedAsset(_asset_of(reply, request), replayed=True)


def _reply_of(asset: Asset) -> dict[str, str]:
    return {
        "id": str(asset.id),
        "name": asset.name,
        "kind": asset.kind.value,
        "created_at": asset.created_at.isoformat(),
    }


def _asset_of(reply: Mapping[str, str], request: AddAssetRequest) -> Asset:
    """Return what *request*, which is the same as the earlier one, has made."""
    return Asset(
        id=UUID(reply["id"]),
        user_id=None if request.shared else request.actor.user_id,
        name=reply["name"],
        kind=AssetKind(reply["kind"]),
        file_path=f"{reply['id']}/0",
        byte_size=request.file.byte_size,
        sha256=request.file.sha256,
        created_at=datetime.fromisoformat(reply["created_at"]),
    )
