"""Assets: pictures and fonts that processing options may name."""

from collections.abc import Callable
from typing import Annotated, Final, TypedDict
from urllib.parse import quote

import attrs
import falcon

from application.actor import Actor
from application.errors import (
    AlreadyExists,
    AssetInUse,
    NotAllowed,
    NotFound,
    TooManyAssets,
    UnexpectedPart,
)
from application.images.add_asset import AddAssetRequest, AddedAsset
from application.images.list_assets import AssetsPage, ListAssetsRequest
from application.images.remove_asset import RemoveAssetRequest
from application.images.view_asset import ViewAssetRequest
from application.ports.object_store import StorageFull, StorageUnavailable
from domain.errors import InvalidParameter
from domain.images.asset import Asset, AssetKind
from entrypoints.http.asset_form import ASSET_FORM, AssetFormReader
from entrypoints.http.authentication import Authentication
from entrypoints.http.cursors import cursor_to
from entrypoints.http.idempotency import idempotency_key, mark_replayed
from entrypoints.http.multipart_form import read_form
from entrypoints.http.openapi.operation import Answer, Bare, Link, operation
from entrypoints.http.openapi.parts import LOCATION, REPLAYED
from entrypoints.http.openapi.schemas import SHA256, Moment
from entrypoints.http.payloads import timestamp
from entrypoints.http.queries import (
    CURSOR,
    LIMIT,
    NEXT_PAGE,
    flag,
    limit_of,
    link_to_next,
    refuse_other_parameters,
)
from entrypoints.http.resources.images import OF_AN_UPLOAD

_SHARED: Final = flag("shared", "Whether that of everybody is meant.")


class AssetDocument(TypedDict):
    """A picture or a font that processing options may name."""

    name: str
    kind: Annotated[str, AssetKind]
    shared: bool
    byteSize: int
    sha256: SHA256
    createdAt: Moment


class AssetList(TypedDict):
    """A page of assets."""

    assets: list[AssetDocument]


_LISTED: Final = Answer(200, AssetList, "A page of assets, newest first.", (NEXT_PAGE,))
_KEPT: Final = Answer(
    201,
    AssetDocument,
    "It is kept.",
    (LOCATION, REPLAYED),
    (
        Link("GET", "/api/assets/{name}", {"name": "$response.body#/name"}),
        Link("DELETE", "/api/assets/{name}", {"name": "$response.body#/name"}),
    ),
)
_SHOWN: Final = Answer(200, AssetDocument, "The asset.")
_GONE: Final = Bare(204, "It is kept no longer.")


@attrs.frozen
class Assets:
    """`/api/assets`."""

    authentication: Authentication
    admit_upload: Callable[[Actor], None]
    forms: AssetFormReader
    add_asset: Callable[[AddAssetRequest], AddedAsset]
    list_assets: Callable[[ListAssetsRequest], AssetsPage]
    max_file_bytes: int

    @operation(_LISTED, query=(LIMIT, CURSOR))
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a page of the caller's assets and the shared ones; `Link` leads to the next."""
        actor = self.authentication(req)
        refuse_other_parameters(req)
        request = ListAssetsRequest(actor, CURSOR.of(req), **limit_of(req))
        page = self.list_assets(request)
        link_to_next(req, resp, request.limit, page.next_after and cursor_to(page.next_after))
        _LISTED.write(resp, {"assets": [_asset(asset) for asset in page.assets]})

    on_head = on_get

    @operation(
        _KEPT,
        form=ASSET_FORM,
        refusals=(
            *OF_AN_UPLOAD, NotAllowed, InvalidParameter, AlreadyExists, TooManyAssets,
            UnexpectedPart, StorageUnavailable, StorageFull,
        ),
        takes_key=True,
    )  # fmt: skip
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Keep a picture or a font."""
        actor = self.authentication(req)
        self.admit_upload(actor)
        with self.forms.read(read_form(req, ASSET_FORM, self.max_file_bytes)) as form:
            added = self.add_asset(
                AddAssetRequest(
                    actor,
                    form.file,
                    form.name,
                    form.shared,
                    idempotency_key(
                        req,
                        str(actor.user_id),
                        form.file.sha256,
                        "" if form.name is None else f"={form.name}",
                        form.file.file_name or "",
                        str(form.shared),
                    ),
                )
            )
        place = f"/api/assets/{quote(added.asset.name)}"
        resp.set_header("Location", place + ("?shared=true" if form.shared else ""))
        mark_replayed(resp, replayed=added.replayed)
        _KEPT.write(resp, _asset(added.asset))


@attrs.frozen
class OneAsset:
    """`/api/assets/{name}`, and with `?shared=true` that of everybody by the name."""

    authentication: Authentication
    view_asset: Callable[[ViewAssetRequest], Asset]
    remove_asset: Callable[[RemoveAssetRequest], None]

    @operation(_SHOWN, query=(_SHARED,), refusals=(NotFound,))
    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Show what the caller's processing options mean by the name."""
        actor = self.authentication(req)
        asset = self.view_asset(ViewAssetRequest(actor, name, _is_shared(req)))
        _SHOWN.write(resp, _asset(asset))

    on_head = on_get

    @operation(_GONE, query=(_SHARED,), refusals=(NotAllowed, NotFound, AssetInUse))
    def on_delete(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Stop keeping it."""
        actor = self.authentication(req)
        self.remove_asset(RemoveAssetRequest(actor, name, _is_shared(req)))
        _GONE.write(resp)


def _is_shared(req: falcon.Request) -> bool:
    refuse_other_parameters(req)
    return _SHARED.of(req) or False


def _asset(asset: Asset) -> AssetDocument:
    return {
        "name": asset.name,
        "kind": asset.kind.value,
        "shared": asset.is_shared,
        "byteSize": asset.byte_size,
        "sha256": asset.sha256,
        "createdAt": timestamp(asset.created_at),
    }
