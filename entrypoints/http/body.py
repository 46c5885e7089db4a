"""
Request bodies, counted.

A server gives the application a short body as a normal end of stream, and a chunked one as no
body at all; so length and encoding are checked here before a byte is read, and the bytes are
counted as they come.
"""

import time
from collections.abc import Iterator
from typing import Final

import falcon

from entrypoints.http.errors import (
    BodyTooLarge,
    IncompleteBody,
    LengthRequired,
    RequestTimeout,
    UnsupportedContentEncoding,
)

FORM_OVERHEAD_BYTES: Final = 1024 * 1024
"""What an upload's body may have besides its picture: options, attachments, boundaries."""

# The fewer the reads, the less they cost; this is also about what an upload takes of memory.
READ_BYTES: Final = 1024 * 1024
# The last read takes this much more rather than leave it behind: so that what ends a form, a
# boundary and a line break, comes in one piece.
_TAIL_BYTES: Final = 1024

# A client that is still sending may not see an answer before it is done; so much is taken in.
_POLITE_BYTES: Final = 8 * 1024 * 1024
_POLITE_SECONDS: Final = 5.0

# A body that trickles in holds a thread as long as it likes; so it has to be this fast on average,
# about as fast as the slowest of mobile networks, once it has had this long to begin.
LEAST_BYTES_PER_SECOND: Final = 16 * 1024
_PATIENCE_SECONDS: Final = 10.0


def check_framing(req: falcon.Request) -> None:
    """
    Refuse a body whose end or form only its sender knows.

    Raises:
        LengthRequired: The body is chunked.
        UnsupportedContentEncoding: The body is compressed.
    """
    if req.get_header("Transfer-Encoding") is not None:
        raise LengthRequired("Send the body with a Content-Length header, not chunked.")
    if (req.get_header("Content-Encoding") or "identity").strip().lower() != "identity":
        raise UnsupportedContentEncoding("Send the body as it is, without Content-Encoding.")


def declared_length(req: falcon.Request, max_bytes: int, *, beyond: str) -> int:
    """Return the length that the request announces, or raise `BodyTooLarge` with *beyond*."""
    length = req.content_length or 0
    if length > max_bytes:
        raise BodyTooLarge(beyond)
    return length


def read_chunks(req: falcon.Request, length: int) -> Iterator[bytes]:
    """
    Yield the *length* bytes of the body, in pieces of about `READ_BYTES`.

    Raises:
        IncompleteBody: The client stopped before all were sent, or fell silent.
        RequestTimeout: It sends, but so slowly that it may mean to hold a thread.
    """
    read = req.env["wsgi.input"].read
    started, missing = time.monotonic(), length
    while missing:
        wanted = missing if missing <= READ_BYTES + _TAIL_BYTES else READ_BYTES
        try:
            chunk: bytes = read(wanted)
        except OSError:  # too slow, or gone
            chunk = b""
        if not chunk:
            req.context.unread_bytes = 0  # nothing more is to be had
            raise IncompleteBody(f"The body ended {missing} bytes before its Content-Length.")
        missing -= len(chunk)
        req.context.unread_bytes = missing
        allowed = _PATIENCE_SECONDS + (length - missing) / LEAST_BYTES_PER_SECOND
        if missing and time.monotonic() - started > allowed:
            req.context.unread_bytes = 0  # who is that slow is not waited for again
            if (abandon := getattr(req.env["wsgi.input"], "abandon", None)) is not None:
                abandon()
            raise RequestTimeout(
                f"The body came at less than {LEAST_BYTES_PER_SECOND} bytes a second."
            )
        yield chunk


def read_whole(req: falcon.Request, max_bytes: int) -> bytes:
    """Return the body of *req*, empty if it has none."""
    beyond = f"This body may have at most {max_bytes} bytes."
    length = declared_length(req, max_bytes, beyond=beyond)
    return b"".join(read_chunks(req, length))


def read_away(req: falcon.Request) -> None:
    """Take in what is left of a refused body, if it is not much and comes soon."""
    decline = getattr(req.env["wsgi.input"], "decline", None)
    if decline is not None and decline():
        return
    missing: int = getattr(req.context, "unread_bytes", _announced(req))
    if missing > _POLITE_BYTES:
        return
    deadline = time.monotonic() + _POLITE_SECONDS
    try:
        for _ in read_chunks(req, missing):
            if time.monotonic() > deadline:
                return
    except IncompleteBody:
        return


def _announced(req: falcon.Request) -> int:
    length = req.env.get("CONTENT_LENGTH", "")
    return int(length) if length.isdecimal() and len(length) < 19 else 0
