"""
Forms with files (RFC 7578), read as they arrive.

The parts come in any order and the file's bytes go straight on, a chunk at a time; nothing but
short text is ever whole in memory.
"""

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

import attrs
import falcon
from multipart import (  # type: ignore[import-untyped]  # it has no py.typed marker
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from entrypoints.http.body import FORM_OVERHEAD_BYTES, declared_length, read_chunks
from entrypoints.http.errors import LengthRequired, MalformedMultipart, UnsupportedBody
from entrypoints.http.openapi.operation import Form, declared_in

MAX_PARTS: Final = 64
MAX_PART_HEADER_BYTES: Final = 8 * 1024

# RFC 2046 §5.1.1: at most 70 characters, the last of them no space.
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_Event: TypeAlias = MultipartSegment | bytes | None  # a head, a chunk, an end

_TEXT_MEDIA_TYPES: Final = (None, "", "text/plain", "application/json")


@attrs.frozen
class Part:
    """
    One part of a form.

    Attributes:
        name: Of the field.
        file_name: As the client sent it, or None.
        is_file: Whether it comes with a file name, or with a type that no text has.
        chunks: Its bytes; they have to be read before the next part is asked for.
    """

    name: str
    file_name: str | None
    is_file: bool
    chunks: Iterator[bytes]

    def text(self, max_bytes: int) -> bytes | None:
        """Return the bytes of a short part, or None if it has more than *max_bytes*."""
        data = bytearray()
        for chunk in self.chunks:
            data += chunk
            if len(data) > max_bytes:
                return None
        return bytes(data)


def read_form(req: falcon.Request, form: Form, max_file_bytes: int) -> Iterator[Part]:
    """
    Yield the parts of the form in the body of *req*, in the order in which they arrive.

    Which parts there may be is the business of whoever declared *form* and reads them.

    The body may have `FORM_OVERHEAD_BYTES` more than its largest file.

    Raises:
        RequestRefused: At once if the body is none that we read, later if it turns out broken.
    """
    declared_in(req).check(form)
    boundary = _boundary(req.content_type)
    length = declared_length(
        req,
        max_file_bytes + FORM_OVERHEAD_BYTES,
        beyond=f"A picture may have at most {max_file_bytes} bytes; "
        f"this upload has {req.content_length} in all.",
    )
    if req.content_length is None:
        raise LengthRequired("Send the body with a Content-Length header.")
    return _parts(_events(req, boundary, length))


def _boundary(content_type: str | None) -> str:
    media_type, parameters = parse_options_header(content_type or "")
    if media_type != "multipart/form-data":
        raise UnsupportedBody("Send the picture as multipart/form-data.")
    boundary: str = parameters.get("boundary", "")
    if _BOUNDARY.fullmatch(boundary) is None:
        raise MalformedMultipart(
            "The boundary parameter of Content-Type must have 1 to 70 characters."
        )
    return boundary


def _events(req: falcon.Request, boundary: str, length: int) -> Iterator[_Event]:
    try:
        with PushMultipartParser(
            boundary,
            max_segment_count=MAX_PARTS,
            max_header_size=MAX_PART_HEADER_BYTES,
            strict=True,
        ) as parser:
            for chunk in read_chunks(req, length):
                yield from parser.parse(chunk)
    except MultipartError as error:
        raise MalformedMultipart(f"The form is broken: {error}.") from error


def _parts(events: Iterator[_Event]) -> Iterator[Part]:
    for event in events:
        if not isinstance(event, MultipartSegment):
            continue  # what is left of a part that was not read to its end
        yield Part(
            name=event.name or "",
            file_name=event.filename,
            is_file=event.filename is not None or event.content_type not in _TEXT_MEDIA_TYPES,
            chunks=_chunks(events),
        )


def _chunks(events: Iterator[_Event]) -> Iterator[bytes]:
    for event in events:
        if event is None:
            return
        assert isinstance(event, bytes)  # nothing else comes inside a part
        yield event
