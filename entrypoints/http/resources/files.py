"""Results, by their signed links: no token, whole or in part, never shown inside our own pages."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import BinaryIO, Final

import attrs
import falcon

from application.errors import FileGone, NotFound
from application.images.open_result import OpenedResult, OpenResultRequest
from application.ports.download_links import LinkedFile, LinkExpired, LinkForged
from application.ports.object_store import ObjectMissing, StorageUnavailable
from domain.images.formats import ImageFormat
from entrypoints.http.errors import RangeNotSatisfiable
from entrypoints.http.etags import is_known
from entrypoints.http.openapi.operation import Bare, Header, Parameter, operation
from entrypoints.http.openapi.parts import ETAG, IF_NONE_MATCH
from entrypoints.http.payloads import id_in_path

# One range; several are answered with the whole file, as RFC 9110 §14.2 allows.
_RANGE: Final = re.compile(r"\s*(\d{0,18})-(\d{0,18})\s*", re.ASCII)

_EXPIRES: Final = Parameter("exp", str, {"type": "string"}, "When the link ends; of the link.")
_KEY_ID: Final = Parameter("kid", str, {"type": "string"}, "Which key signed it; of the link.")
_SIGNATURE: Final = Parameter("sig", str, {"type": "string"}, "The signature; of the link.")
_MEDIA: Final = {one.media_type: {"type": "string", "format": "binary"} for one in ImageFormat}
_RANGES: Final = Header("Accept-Ranges", "`bytes`.", {"type": "string", "enum": ["bytes"]}, True)
_SPAN: Final = Header("Content-Range", "Which bytes these are, of how many.", is_sure=True)
_NAME: Final = Header("Content-Disposition", "The name under which to save it.", is_sure=True)
_WHOLE: Final = Bare(200, "The file.", _MEDIA, (ETAG, _RANGES, _NAME))
_PART: Final = Bare(206, "The range that was asked for.", _MEDIA, (ETAG, _RANGES, _NAME, _SPAN))
_SAME: Final = Bare(304, "The caller has it.", headers=(ETAG, _RANGES))
_RANGE_HEADER: Final = Header("Range", "`bytes=0-999`, one range (RFC 9110 §14.2).")
_IF_RANGE: Final = Header("If-Range", "The ETag that the range is meant for.")

_HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Accept-Ranges": "bytes",
}


@attrs.frozen
class ResultFile:
    """`/files/{taskId}/{variant}/{name}`; the name is for people, the signature covers the rest."""

    open_result: Callable[[OpenResultRequest], OpenedResult]

    @operation(
        _WHOLE,
        _PART,
        _SAME,
        query=(_EXPIRES, _KEY_ID, _SIGNATURE),
        headers=(_RANGE_HEADER, _IF_RANGE, IF_NONE_MATCH),
        refusals=(
            LinkForged, LinkExpired, NotFound, FileGone, ObjectMissing, StorageUnavailable,
            RangeNotSatisfiable,
        ),
    )  # fmt: skip
    def on_get(
        self, req: falcon.Request, resp: falcon.Response, task_id: str, variant: str, name: str
    ) -> None:
        """Send the file, or the range asked for, or nothing if the caller has it."""
        del name
        opened = self.open_result(
            OpenResultRequest(
                LinkedFile(id_in_path(task_id), variant),
                expires=_EXPIRES.of(req) or "",
                key_id=_KEY_ID.of(req) or "",
                signature=_SIGNATURE.of(req) or "",
            )
        )
        etag = f'"{opened.result.sha256}"'
        size = opened.result.byte_size
        known = is_known(req, etag)
        span = None if known else _wanted_span(req, etag, size)
        resp.set_headers(_HEADERS)
        resp.set_header("ETag", etag)
        if known:
            _SAME.write(resp)
            return
        first, last = span or (0, size - 1)
        (_WHOLE if span is None else _PART).write(resp)
        if span is not None:
            resp.set_header("Content-Range", f"bytes {first}-{last}/{size}")
        resp.content_type = opened.result.format.media_type
        resp.downloadable_as = opened.download_name
        resp.content_length = last - first + 1
        if req.method == "GET":
            resp.stream = _Section(opened, first, last - first + 1)

    on_head = on_get


def _wanted_span(req: falcon.Request, etag: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte asked for, or None if the whole file is the answer."""
    header = req.get_header("Range") or ""
    unit, _, ranges = header.partition("=")
    if req.method != "GET" or req.get_header("If-Range") not in (None, etag):
        return None
    if unit.strip().lower() != "bytes" or "," in ranges:
        return None
    first, last = 0, size - 1
    match = _RANGE.fullmatch(ranges)
    if match is None or not (match[1] or match[2]):
        first = size
    elif match[1]:
        first, last = int(match[1]), min(int(match[2] or last), last)
    else:
        first = max(0, size - int(match[2]))
    if first > last:
        raise RangeNotSatisfiable(
            f"The file has {size} bytes.", headers={"Content-Range": f"bytes */{size}"}
        )
    return first, last


class _Section:
    """
    A stretch of an open result, as a WSGI server wants a file.

    It has a descriptor that stands at the first byte, so that the server can let the kernel send;
    a server that reads instead finds the end where it should be.
    """

    def __init__(self, opened: OpenedResult, first: int, length: int) -> None:
        self._closing = ExitStack()
        self._file: BinaryIO = self._closing.enter_context(opened.open())
        self._file.seek(first)
        self._left = length
        self.fileno = self._file.fileno
        self.close = self._closing.close

    def read(self, size: int | None = None, /) -> bytes:
        """Return the next bytes, at most *size* of them."""
        data = self._file.read(self._left if size is None else min(size, self._left))
        self._left -= len(data)
        return data
