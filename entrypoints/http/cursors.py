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

from domain.errors import InvalidParameter, UnknownMember
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
    limit, cursor = req.get_param("limit"), req.get_param("cursor")
    return {
        "after": None if cursor is None else place_of(cursor),
        **({} if limit is None else {"limit": limit_in(limit)}),
    }


def link_to_next(
    req: falcon.Request, resp: falcon.Response, limit: int, after: tuple[datetime, UUID] | None
) -> None:
    """Lead to the page that begins behind *after* (RFC 8288), unless that is None."""
    if after is not None:
        query = {"limit": limit, "cursor": cursor_to(after)}
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
        InvalidParameter: It is not one of ours.
    """
    if not _CURSOR.fullmatch(cursor):
        raise _not_ours()
    content = urlsafe_b64decode(cursor)
    try:
        created_at = _EPOCH + int.from_bytes(content[:8]) * _MICROSECOND
    except OverflowError:
        raise _not_ours() from None
    return created_at, UUID(bytes=content[8:])


def limit_in(text: str) -> int:
    """Return *text* as a number, at most `MAX_LIMIT`; 0, which is refused, for what is none."""
    if not re.fullmatch("[0-9]+", text):
        return 0
    # Cut before it is a number: thousands of digits are one long calculation, or none at all.
    return min(int(text.lstrip("0")[:9] or 0), MAX_LIMIT)


def _not_ours() -> InvalidParameter:
    return InvalidParameter(
        "must be the cursor of a Link header, as it was given", pointer="/cursor"
    )
