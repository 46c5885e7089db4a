"""What the lists of administrators are asked for, read out of the query."""

import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import falcon

from domain.errors import InvalidParameter
from domain.users.labels import is_one_line
from entrypoints.http.cursors import limit_in, refuse_other_parameters

T = TypeVar("T")

_MAX_TEXT: Final = 254
_TEXT_CURSOR: Final = re.compile(r"[A-Za-z0-9_-]{1,1500}")


def limit_and_choices(req: falcon.Request, *known: str) -> dict[str, Any]:
    """Return `limit` if it is given; refuse parameters that are not *known* ones."""
    refuse_other_parameters(req, ("limit", "cursor", *known))
    text = req.get_param("limit")
    if text is None:
        return {}
    return {"limit": limit_in(text)}


def link_to_cursor(
    req: falcon.Request, resp: falcon.Response, limit: int, cursor: str | None
) -> None:
    """Lead to the next page of the same choice (RFC 8288), unless there is none."""
    if cursor is not None:
        choice = {name: req.get_param(name) for name in req.params}
        query = urlencode(choice | {"limit": limit, "cursor": cursor})
        resp.set_header("Link", f'<{req.path}?{query}>; rel="next"')


def chosen(req: falcon.Request, name: str, among: Mapping[str, T]) -> T | None:
    """Return which of *among* the parameter names, or None without it."""
    text = req.get_param(name)
    if text is None:
        return None
    if text not in among:
        raise InvalidParameter(f"must be one of {', '.join(among)}", pointer=f"/{name}")
    return among[text]


def id_given(req: falcon.Request, name: str) -> UUID | None:
    """Return the id that the parameter is, or None without it."""
    text = req.get_param(name)
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise InvalidParameter("must be an id", pointer=f"/{name}") from None


def text_given(req: falcon.Request, name: str) -> str | None:
    """Return the text that the parameter is, or None without it."""
    text = req.get_param(name)
    if text is not None and not (len(text) <= _MAX_TEXT and is_one_line(text)):
        raise InvalidParameter(
            f"must have at most {_MAX_TEXT} characters, and no control characters",
            pointer=f"/{name}",
        )
    return text


def moment_given(req: falcon.Request, name: str) -> datetime | None:
    """Return the time that the parameter is, or None without it."""
    text = req.get_param(name)
    if text is None:
        return None
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    raise InvalidParameter(
        "must be a time with its zone, such as 2026-11-28T00:00:00Z", pointer=f"/{name}"
    )


def text_cursor_to(place: str | None) -> str | None:
    """Return the cursor for a *place* that is a text."""
    return None if place is None else urlsafe_b64encode(place.encode()).decode().rstrip("=")


def text_place(req: falcon.Request) -> str | None:
    """Return the text that the cursor stands for, or None without one."""
    cursor = req.get_param("cursor")
    if cursor is None:
        return None
    if _TEXT_CURSOR.fullmatch(cursor):
        with suppress(ValueError):
            place = b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_").decode()
            if is_one_line(place):
                return place
    raise not_ours()


def not_ours() -> InvalidParameter:
    """Return the refusal of a cursor that nobody was given."""
    return InvalidParameter(
        "must be the cursor of a Link header, as it was given", pointer="/cursor"
    )
