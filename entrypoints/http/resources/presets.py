"""Presets: pipelines by name, in versions."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, TypedDict

import attrs
import falcon
import orjson

from application.errors import (
    AlreadyExists,
    NotAllowed,
    PresetChanged,
    PresetNotFound,
    PresetsOnly,
    TooManyPresets,
)
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
from domain.errors import DomainError, InvalidParameter
from domain.images.pipeline import NAME_PATTERN, Pipeline, is_name
from domain.images.preset import Preset
from entrypoints.http.authentication import Authentication
from entrypoints.http.cursors import not_ours
from entrypoints.http.idempotency import idempotency_key, mark_replayed
from entrypoints.http.openapi.operation import Answer, Bare, Link, Parameter, operation
from entrypoints.http.openapi.parts import ETAG, IF_MATCH, LOCATION, REPLAYED, OptionsOfAPreset
from entrypoints.http.openapi.schemas import SHA256, Moment, Rule
from entrypoints.http.payloads import PayloadReader, timestamp
from entrypoints.http.processing_options import ProcessingOptionsReader
from entrypoints.http.queries import (
    LIMIT,
    NEXT_PAGE,
    cursor,
    flag,
    limit_of,
    link_to_next,
    refuse_other_parameters,
)
from entrypoints.http.resources.images import OF_THE_LANGUAGE

_VERSION: Final = re.compile("^[1-9][0-9]{0,8}$", re.ASCII)
_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')
_OWNERS: Final = {"own": False, "shared": True}


def _place(text: str) -> tuple[str, bool]:
    """Return what the cursor of a list of presets stands for: such as `own:card`."""
    owner, _, name = text.partition(":")
    if owner not in _OWNERS or not is_name(name):
        raise not_ours()
    return name, _OWNERS[owner]


def _before(text: str) -> int:
    """Return the version that the cursor of a list of versions is."""
    if not _VERSION.fullmatch(text):
        raise not_ours()
    return int(text)


def _version(text: str) -> int:
    if not _VERSION.fullmatch(text):
        raise InvalidParameter("must be the number of a version", pointer="/version")
    return int(text)


_CURSOR: Final = cursor(_place, f"^(own|shared):{NAME_PATTERN[1:]}")
_VERSIONS_CURSOR: Final = cursor(_before, _VERSION.pattern)
_SHARED: Final = flag("shared", "Whether that of everybody is meant.")
_NUMBER: Final = Parameter(
    "version",
    _version,
    {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    "An earlier version than the newest.",
)


@attrs.frozen
class NewPresetBody:
    """A preset that is to be; the options are read by their own reader."""

    name: Annotated[str, Rule({"pattern": NAME_PATTERN})]
    processing_options: OptionsOfAPreset
    locked: bool = False
    shared: bool = False


@attrs.frozen
class PresetBody:
    """What a name is to stand for."""

    processing_options: OptionsOfAPreset
    locked: bool = False


class PresetSummary(TypedDict):
    """A version of a preset."""

    name: str
    version: int
    preset: str
    shared: bool
    locked: bool
    createdAt: Moment


class PresetDocument(PresetSummary):
    """A version of a preset, and what it says; null if a later version of ours wrote it."""

    processingOptions: dict[str, Any] | None
    pipelineHash: SHA256 | None


class PresetList(TypedDict):
    """A page of presets."""

    presets: list[PresetSummary]


class VersionList(TypedDict):
    """A page of versions."""

    versions: list[PresetSummary]


_LISTED: Final = Answer(200, PresetList, "A page of presets, by name.", (NEXT_PAGE,))
_MADE: Final = Answer(
    201,
    PresetDocument,
    "The preset.",
    (LOCATION, REPLAYED, ETAG),
    (
        Link("GET", "/api/presets/{name}", {"name": "$response.body#/name"}),
        Link("GET", "/api/presets/{name}/versions", {"name": "$response.body#/name"}),
        Link(
            "PUT",
            "/api/presets/{name}",
            {"name": "$response.body#/name", "header.If-Match": "$response.header.ETag"},
        ),
        Link("DELETE", "/api/presets/{name}", {"name": "$response.body#/name"}),
        Link(
            "GET",
            "/api/presets/{name}/versions/{number}",
            {"name": "$response.body#/name", "number": "$response.body#/version"},
        ),
    ),
)
_SHOWN: Final = Answer(200, PresetDocument, "The preset.", (ETAG,))
_REMOVED: Final = Bare(204, "Nothing is called that any more.")
_VERSIONS: Final = Answer(200, VersionList, "A page of versions, newest first.", (NEXT_PAGE,))


@attrs.frozen
class Presets:
    """`/api/presets`."""

    authentication: Authentication
    add_preset: Callable[[AddPresetRequest], AddedPreset]
    list_presets: Callable[[ListPresetsRequest], PresetsPage]
    payloads: PayloadReader
    options: ProcessingOptionsReader

    @operation(_LISTED, query=(LIMIT, _CURSOR))
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a page of the presets that the caller may use; `Link` leads to the next."""
        actor = self.authentication(req)
        refuse_other_parameters(req)
        request = ListPresetsRequest(actor, after=_CURSOR.of(req), **limit_of(req))
        page = self.list_presets(request)
        if page.next_after is not None:
            name, is_shared = page.next_after
            link_to_next(req, resp, request.limit, f"{'shared' if is_shared else 'own'}:{name}")
        _LISTED.write(resp, {"presets": [_summary(preset) for preset in page.presets]})

    on_head = on_get

    @operation(
        _MADE,
        body=NewPresetBody,
        refusals=(
            *OF_THE_LANGUAGE, NotAllowed, PresetsOnly, AlreadyExists, TooManyPresets,
        ),
        takes_key=True,
    )  # fmt: skip
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
        _write(resp, added.view, _MADE)


@attrs.frozen
class OnePreset:
    """`/api/presets/{name}`."""

    authentication: Authentication
    view_preset: Callable[[ViewPresetRequest], PresetView]
    change_preset: Callable[[ChangePresetRequest], PresetView]
    remove_preset: Callable[[RemovePresetRequest], None]
    payloads: PayloadReader
    options: ProcessingOptionsReader

    @operation(_SHOWN, query=(_NUMBER, _SHARED), refusals=(PresetNotFound,))
    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Show what a name stands for, or stood for in an earlier version."""
        actor = self.authentication(req)
        refuse_other_parameters(req)
        version = _NUMBER.of(req)
        _write(
            resp,
            self.view_preset(ViewPresetRequest(actor, _known(name), version, _is_shared(req))),
        )

    on_head = on_get

    @operation(
        _SHOWN,
        body=PresetBody,
        query=(_SHARED,),
        headers=(IF_MATCH,),
        refusals=(*OF_THE_LANGUAGE, NotAllowed, PresetsOnly, PresetNotFound, PresetChanged),
    )
    def on_put(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Let a name stand for something else from now on."""
        actor = self.authentication(req)
        refuse_other_parameters(req)
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

    @operation(
        _REMOVED,
        query=(_SHARED,),
        headers=(IF_MATCH,),
        refusals=(NotAllowed, PresetsOnly, PresetNotFound, PresetChanged),
    )
    def on_delete(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Take the name away."""
        actor = self.authentication(req)
        refuse_other_parameters(req)
        self.remove_preset(RemovePresetRequest(actor, _known(name), _is_shared(req), _only_if(req)))
        _REMOVED.write(resp)


@attrs.frozen
class PresetVersions:
    """`/api/presets/{name}/versions`."""

    authentication: Authentication
    list_preset_versions: Callable[[ListPresetVersionsRequest], PresetVersionsPage]

    @operation(_VERSIONS, query=(LIMIT, _VERSIONS_CURSOR, _SHARED), refusals=(PresetNotFound,))
    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Show a page of what a name has stood for; `Link` leads to the next."""
        actor = self.authentication(req)
        refuse_other_parameters(req)
        request = ListPresetVersionsRequest(
            actor,
            _known(name),
            shared=_is_shared(req),
            before=_VERSIONS_CURSOR.of(req),
            **limit_of(req),
        )
        page = self.list_preset_versions(request)
        before = page.next_before
        link_to_next(req, resp, request.limit, None if before is None else str(before))
        _VERSIONS.write(resp, {"versions": [_summary(preset) for preset in page.versions]})

    on_head = on_get


@attrs.frozen
class OnePresetVersion:
    """`/api/presets/{name}/versions/{number}`."""

    authentication: Authentication
    view_preset: Callable[[ViewPresetRequest], PresetView]

    @operation(_SHOWN, query=(_SHARED,), refusals=(PresetNotFound,))
    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str, number: str) -> None:
        """Show what a name stood for in one version."""
        actor = self.authentication(req)
        refuse_other_parameters(req)
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
    return _SHARED.of(req) or False


def _only_if(req: falcon.Request) -> frozenset[str] | None:
    """Return the strong tags of If-Match (RFC 9110 §13.1.1), or None if any preset will do."""
    header = req.get_header("If-Match")
    if header is None or header.strip() == "*":
        return None
    # Weak ones are equal to nothing here (RFC 9110 §8.8.3.2), so all of one is kept.
    return frozenset(
        match[0] if match[0].startswith("W/") else match[1] for match in _TAG.finditer(header)
    )


def _write(
    resp: falcon.Response, view: PresetView, answer: Answer[PresetDocument] = _SHOWN
) -> None:
    resp.set_header("ETag", f'"{view.preset.tag}"')
    answer.write(
        resp,
        {
            **_summary(view.preset),
            "processingOptions": None if view.document is None else dict(view.document),
            "pipelineHash": view.digest,
        },
    )


def _summary(preset: Preset) -> PresetSummary:
    return {
        "name": preset.name,
        "version": preset.version,
        "preset": str(preset.origin),
        "shared": preset.user_id is None,
        "locked": preset.locked,
        "createdAt": timestamp(preset.created_at),
    }
