"""The API told to machines."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import attrs
import falcon
import orjson

from entrypoints.http.etags import is_known
from entrypoints.http.openapi.document import Route, document
from entrypoints.http.openapi.operation import Bare, Header, operation
from entrypoints.http.openapi.parts import ETAG, IF_NONE_MATCH

_KEPT: Final = Header("Cache-Control", "How long it may be kept.", is_sure=True)
_DOCUMENT: Final = Bare(
    200,
    "This document.",
    {falcon.MEDIA_JSON: {"type": "object", "required": ["openapi", "paths"]}},
    (ETAG, _KEPT),
)
_SAME: Final = Bare(304, "The caller has it.", headers=(ETAG, _KEPT))


@attrs.define
class Description:
    """`/api/openapi.json`: made once, of the routes that are served, itself among them."""

    _data: bytes = b""
    _etag: str = ""

    def tell_of(self, routes: Sequence[Route]) -> None:
        """Describe *routes* from now on."""
        described: dict[str, Any] = document(routes)
        self._data = orjson.dumps(described)
        self._etag = f'"{hashlib.sha256(self._data).hexdigest()[:32]}"'

    @operation(_DOCUMENT, _SAME, headers=(IF_NONE_MATCH,))
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Describe the API, as OpenAPI 3.1."""
        resp.set_header("ETag", self._etag)
        resp.set_header("Cache-Control", "public, max-age=300")
        if is_known(req, self._etag):
            _SAME.write(resp)
            return
        _DOCUMENT.write(resp)
        resp.content_type = falcon.MEDIA_JSON
        resp.data = self._data

    on_head = on_get
