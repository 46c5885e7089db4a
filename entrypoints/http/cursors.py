"""
Where a page of a list goes on, as a text that customers hand back as they got it.

Microseconds since 1970 (8 bytes, big-endian) and an id (16 bytes), in Base64 for URLs: 32
characters, no two texts for one place. Nothing in it is secret; `cursor_seal` marks it as ours.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import falcon

from domain.errors import UnknownMember
from entrypoints.http.cursor_seal import InvalidCursor, cursor_given, sealed
from entrypoints.http.payloads import escaped

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR: Final = re.compile(r"[A-Za-z0-9_-]{32}")
_MICROSECOND: Final = timedelta(microseconds=1)
_PARAMETERS: Final = ("limit", "cursor")

MAX_LIMIT: Final = 100
"""The longest page of any list; whoever asks for more gets so many."""


def page_asked_for(req: falcon.Request) -> dict[str, Any]:
    """Return `after`, and `limit` if it is given, of the page that *req* asks for."""
    refuse_other_parameters(req, _PARAMETERS)
    cursor = cursor_given(req)
    return {"after": None if cursor is None else place_of(cursor), **limit_given(req)}


def limit_given(req: falcon.Request) -> dict[str, int]:
    """Return the limit if one is asked for; 0, which is refused, for what is no number."""
    text = req.get_param("limit")
    if text is None:
        return {}
    digits = re.fullmatch("0*([0-9]*)", text)
    if digits is None or not text:
        return {"limit": 0}
    # As long as that it is no number to reckon with, and in any case more than there may be.
    return {"limit": min(int(digits[1][:9] or 0), MAX_LIMIT)}


def link_to_next(
    req: falcon.Request, resp: falcon.Response, limit: int, after: tuple[datetime, UUID] | None
) -> None:
    """Lead to the page that begins behind *after* (RFC 8288), unless that is None."""
    if after is not None:
        query = {"limit": limit, "cursor": sealed(req, cursor_to(after))}
        resp.set_header("Link", f'<{req.path}?{urlencode(query)}>; rel="next"')


def refuse_other_parameters(req: falcon.Request, known: Sequence[str]) -> None:
    """Refuse what is not *known*: who asks for a choice that there is none of must be told so."""
    for name in req.params:
        if name not in known:
            raise UnknownMember(
                f"there is no such parameter here; there are {', '.join(known)}",
                pointer=f"/{escaped(name)}",
            )


def cursor_to(place: tuple[datetime, UUID]) -> str:
    """Return the text for *place*, a creation since 1970 and an id."""
    created_at, image_id = place
    microseconds = (created_at - _EPOCH) // _MICROSECOND
    return urlsafe_b64encode(microseconds.to_bytes(8) + image_id.bytes).decode()


def place_of(cursor: str) -> tuple[datetime, UUID]:
    """
    Return what *cursor* stands for.

    Raises:
        InvalidCursor: It is not one of ours.
    """
    if not _CURSOR.fullmatch(cursor):
        raise InvalidCursor
    content = urlsafe_b64decode(cursor)
    try:
        created_at = _EPOCH + int.from_bytes(content[:8]) * _MICROSECOND
    except OverflowError:
        raise InvalidCursor from None
    return created_at, UUID(bytes=content[8:])

