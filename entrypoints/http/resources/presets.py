"""Presets: pipelines by name, in versions."""

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

import attrs
import falcon
import orjson

from application.errors import PresetNotFound
from application.presets.add_preset import AddedPreset, AddPresetRequest
from application.presets.change_preset import ChangePresetRequest
from application.presets.list_preset_versions import (
    ListPresetVersionsRequest,
    PresetVersionsPage,
)
from application.presets.list_presets import ListPresetsRequest, PresetsPage
from application.presets.preset_view import PresetView
from application.presets.remove_preset import RemovePresetRequest
from application.presets.view_preset import ViewPresetRequest
from domain.errors import DomainError, InvalidParameter, UnknownMember
from domain.images.pipeline import Pipeline, is_name
from domain.images.preset import Preset
from entrypoints.http.authentication import Authentication
from entrypoints.http.cursors import limit_in
from entrypoints.http.idempotency import idempotency_key, mark_replayed
from entrypoints.http.payloads import PayloadReader, escaped, timestamp, write_json
from entrypoints.http.processing_options import ProcessingOptionsReader

_VERSION: Final = re.compile("[1-9][0-9]{0,8}")
_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')
_FLAGS: Final = {"true": True, "false": False}
_OWNERS: Final = {"own": False, "shared": True}


@attrs.frozen
class NewPresetBody:
    """A preset that is to be; the options are read by their own reader."""

    name: str
    processing_options: Any  # whatever JSON holds
    locked: bool = False
    shared: bool = False


@attrs.frozen
class PresetBody:
    """What a name is to stand for."""

    processing_options: Any  # whatever JSON holds
    locked: bool = False


@attrs.frozen
class Presets:
    """`/api/presets`."""

    authentication: Authentication
    add_preset: Callable[[AddPresetRequest], AddedPreset]
    list_presets: Callable[[ListPresetsRequest], PresetsPage]
    payloads: PayloadReader
    options: ProcessingOptionsReader

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a page of the presets that the caller may use; `Link` leads to the next."""
        actor = self.authentication(req)
        _check_parameters(req, "limit", "cursor")
        cursor = req.get_param("cursor")
        request = ListPresetsRequest(
            actor, after=None if cursor is None else _place(cursor), **_limit(req)
        )
        page = self.list_presets(request)
        if page.next_after is not None:
            name, is_shared = page.next_after
            _link(req, resp, request.limit, f"{'shared' if is_shared else 'own'}:{name}")
        write_json(resp, {"presets": [_summary(preset) for preset in page.presets]})

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Make a preset."""
        actor = self.authentication(req)
        body = self.payloads.read(req, NewPresetBody)
        pipeline = _pipeline(self.options, body.processing_options)
        key = idempotency_key(
            req, str(actor.user_id), orjson.dumps(attrs.asdict(body), option=orjson.OPT_SORT_KEYS)
        )
        added = self.add_preset(
            AddPresetRequest(actor, body.name, pipeline, body.locked, body.shared, key)
        )
        query = "?shared=true" if body.shared else ""
        resp.set_header("Location", f"/api/presets/{body.name}{query}")
        mark_replayed(resp, replayed=added.replayed)
        _write(resp, added.view, 201)


@attrs.frozen
class OnePreset:
    """`/api/presets/{name}`."""

    authentication: Authentication
    view_preset: Callable[[ViewPresetRequest], PresetView]
    change_preset: Callable[[ChangePresetRequest], PresetView]
    remove_preset: Callable[[RemovePresetRequest], None]
    payloads: PayloadReader
    options: ProcessingOptionsReader

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Show what a name stands for, or stood for in an earlier version."""
        actor = self.authentication(req)
        _check_parameters(req, "version", "shared")
        number = req.get_param("version")
        if number is not None and not _VERSION.fullmatch(number):
            raise InvalidParameter("must be the number of a version", pointer="/version")
        version = None if number is None else int(number)
        _write(
            resp,
            self.view_preset(ViewPresetRequest(actor, _known(name), version, _is_shared(req))),
        )

    on_head = on_get

    def on_put(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Let a name stand for something else from now on."""
        actor = self.authentication(req)
        _check_parameters(req, "shared")
        body = self.payloads.read(req, PresetBody)
        pipeline = _pipeline(self.options, body.processing_options)
        _write(
            resp,
            self.change_preset(
                ChangePresetRequest(
                    actor, _known(name), pipeline, body.locked, _is_shared(req), _only_if(req)
                )
            ),
        )

    def on_delete(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Take the name away."""
        actor = self.authentication(req)
        _check_parameters(req, "shared")
        self.remove_preset(RemovePresetRequest(actor, _known(name), _is_shared(req), _only_if(req)))
        resp.status = 204


@attrs.frozen
class PresetVersions:
    """`/api/presets/{name}/versions`."""

    authentication: Authentication
    list_preset_versions: Callable[[ListPresetVersionsRequest], PresetVersionsPage]

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Show a page of what a name has stood for; `Link` leads to the next."""
        actor = self.authentication(req)
        _check_parameters(req, "limit", "cursor", "shared")
        cursor = req.get_param("cursor")
        if cursor is not None and not _VERSION.fullmatch(cursor):
            raise _not_ours()
        request = ListPresetVersionsRequest(
            actor,
            _known(name),
            shared=_is_shared(req),
            before=None if cursor is None else int(cursor),
            **_limit(req),
        )
        page = self.list_preset_versions(request)
        if page.next_before is not None:
            more = {"shared": "true"} if request.shared else {}
            _link(req, resp, request.limit, str(page.next_before), **more)
        write_json(resp, {"versions": [_summary(preset) for preset in page.versions]})

    on_head = on_get


@attrs.frozen
class OnePresetVersion:
    """`/api/presets/{name}/versions/{number}`."""

    authentication: Authentication
    view_preset: Callable[[ViewPresetRequest], PresetView]

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str, number: str) -> None:
        """Show what a name stood for in one version."""
        actor = self.authentication(req)
        _check_parameters(req, "shared")
        if not _VERSION.fullmatch(number):
            raise PresetNotFound("Versions are numbers from 1 on.")
        _write(
            resp,
            self.view_preset(ViewPresetRequest(actor, _known(name), int(number), _is_shared(req))),
        )

    on_head = on_get


def _pipeline(options: ProcessingOptionsReader, document: object) -> Pipeline:
    try:
        return options.read_preset(document)
    except DomainError as error:
        raise error.under("/processingOptions") from None


def _known(name: str) -> str:
    """Return the *name* in a path; what is no name of a preset is one that we do not have."""
    if not is_name(name):
        raise PresetNotFound("No preset has such a name.")
    return name


def _is_shared(req: falcon.Request) -> bool:
    text = req.get_param("shared", default="false")
    if text not in _FLAGS:
        raise InvalidParameter("must be true or false", pointer="/shared")
    return _FLAGS[text]


def _only_if(req: falcon.Request) -> frozenset[str] | None:
    """Return the strong tags of If-Match (RFC 9110 §13.1.1), or None if any preset will do."""
    header = req.get_header("If-Match")
    if header is None or header.strip() == "*":
        return None
    # Weak ones are equal to nothing here (RFC 9110 §8.8.3.2), so all of one is kept.
    return frozenset(
        match[0] if match[0].startswith("W/") else match[1] for match in _TAG.finditer(header)
    )


def _check_parameters(req: falcon.Request, *known: str) -> None:
    for name in req.params:
        if name not in known:
            raise UnknownMember(
                f"there is no such parameter here; there are {', '.join(known)}",
                pointer=f"/{escaped(name)}",
            )


def _limit(req: falcon.Request) -> dict[str, int]:
    """Return the limit if one is asked for; 0, which is refused, for what is no number."""
    text = req.get_param("limit")
    if text is None:
        return {}
    return {"limit": limit_in(text)}


def _place(cursor: str) -> tuple[str, bool]:
    """Return what the cursor of a list of presets stands for: such as `own:card`."""
    owner, _, name = cursor.partition(":")
    if owner not in _OWNERS or not is_name(name):
        raise _not_ours()
    return name, _OWNERS[owner]


def _not_ours() -> InvalidParameter:
    return InvalidParameter(
        "must be the cursor of a Link header, as it was given", pointer="/cursor"
    )


def _link(req: falcon.Request, resp: falcon.Response, limit: int, cursor: str, **more: str) -> None:
    query = {"limit": limit, "cursor": cursor} | more
    resp.set_header("Link", f'<{req.path}?{urlencode(query)}>; rel="next"')


def _write(resp: falcon.Response, view: PresetView, status: int = 200) -> None:
    resp.set_header("ETag", f'"{view.preset.tag}"')
    write_json(
        resp,
        _summary(view.preset) | {"processingOptions": view.document, "pipelineHash": view.digest},
        status,
    )


def _summary(preset: Preset) -> dict[str, Any]:
    return {
        "name": preset.name,
        "version": preset.version,
        "preset": str(preset.origin),
        "shared": preset.user_id is None,
        "locked": preset.locked,
        "createdAt": timestamp(preset.created_at),
    }
