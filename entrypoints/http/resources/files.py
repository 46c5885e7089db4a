"""Results, by their signed links: no token, whole or in part, never shown inside our own pages."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import BinaryIO, Final

import attrs
import falcon

from application.images.open_result import OpenedResult, OpenResultRequest
from application.ports.download_links import LinkedFile
from entrypoints.http.errors import RangeNotSatisfiable
from entrypoints.http.payloads import id_in_path

# One range; several are answered with the whole file, as RFC 9110 §14.2 allows.
_RANGE: Final = re.compile(r"\s*(\d{0,18})-(\d{0,18})\s*", re.ASCII)

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

    def on_get(
        self, req: falcon.Request, resp: falcon.Response, task_id: str, variant: str, name: str
    ) -> None:
        """Send the file, or the range asked for, or nothing if the caller has it."""
        del name
        opened = self.open_result(
            OpenResultRequest(
                LinkedFile(id_in_path(task_id), variant),
                expires=req.get_param("exp", default=""),
                key_id=req.get_param("kid", default=""),
                signature=req.get_param("sig", default=""),
            )
        )
        etag = f'"{opened.result.sha256}"'
        size = opened.result.byte_size
        known = _matches(req.get_header("If-None-Match"), etag)
        span = None if known else _wanted_span(req, etag, size)
        resp.set_headers(_HEADERS)
        resp.set_header("ETag", etag)
        if known:
            resp.status = 304
            return
        first, last = span or (0, size - 1)
        if span is not None:
            resp.status = 206
            resp.set_header("Content-Range", f"bytes {first}-{last}/{size}")
        resp.content_type = opened.result.format.media_type
        resp.downloadable_as = opened.download_name
        resp.content_length = last - first + 1
        if req.method == "GET":
            resp.stream = _Section(opened, first, last - first + 1)

    on_head = on_get


def _matches(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return etag in tags or tags == ["*"]


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
