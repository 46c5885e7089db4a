"""Assets: pictures and fonts that processing options may name."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

import attrs
import falcon

from application.actor import Actor
from application.images.add_asset import AddAssetRequest, AddedAsset
from application.images.list_assets import AssetsPage, ListAssetsRequest
from application.images.remove_asset import RemoveAssetRequest
from application.images.view_asset import ViewAssetRequest
from domain.images.asset import Asset
from entrypoints.http.asset_form import AssetFormReader, is_true
from entrypoints.http.authentication import Authentication
from entrypoints.http.cursors import link_to_next, page_asked_for, refuse_other_parameters
from entrypoints.http.idempotency import idempotency_key, mark_replayed
from entrypoints.http.multipart_form import read_form
from entrypoints.http.payloads import timestamp, write_json

_ABOUT_ONE: Final = ("shared",)


@attrs.frozen
class Assets:
    """`/api/assets`."""

    authentication: Authentication
    admit_upload: Callable[[Actor], None]
    forms: AssetFormReader
    add_asset: Callable[[AddAssetRequest], AddedAsset]
    list_assets: Callable[[ListAssetsRequest], AssetsPage]
    max_file_bytes: int

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a page of the caller's assets and the shared ones; `Link` leads to the next."""
        actor = self.authentication(req)
        request = ListAssetsRequest(actor, **page_asked_for(req))
        page = self.list_assets(request)
        link_to_next(req, resp, request.limit, page.next_after)
        write_json(resp, {"assets": [_asset(asset) for asset in page.assets]})

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Keep a picture or a font."""
        actor = self.authentication(req)
        self.admit_upload(actor)
        with self.forms.read(read_form(req, self.max_file_bytes)) as form:
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
        write_json(resp, _asset(added.asset), 201)


@attrs.frozen
class OneAsset:
    """`/api/assets/{name}`, and with `?shared=true` that of everybody by the name."""

    authentication: Authentication
    view_asset: Callable[[ViewAssetRequest], Asset]
    remove_asset: Callable[[RemoveAssetRequest], None]

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Show what the caller's processing options mean by the name."""
        actor = self.authentication(req)
        asset = self.view_asset(ViewAssetRequest(actor, name, _is_shared(req)))
        write_json(resp, _asset(asset))

    on_head = on_get

    def on_delete(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Stop keeping it."""
        actor = self.authentication(req)
        self.remove_asset(RemoveAssetRequest(actor, name, _is_shared(req)))
        resp.status = 204


def _is_shared(req: falcon.Request) -> bool:
    refuse_other_parameters(req, _ABOUT_ONE)
    return is_true(req.get_param("shared") or "false", pointer="/shared")


def _asset(asset: Asset) -> dict[str, Any]:
    return {
        "name": asset.name,
        "kind": asset.kind.value,
        "shared": asset.is_shared,
        "byteSize": asset.byte_size,
        "sha256": asset.sha256,
        "createdAt": timestamp(asset.created_at),
    }
