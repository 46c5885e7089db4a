"""What lists and single things are asked for in the query: parameters that read themselves."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import falcon

from domain.errors import InvalidParameter, UnknownMember
from domain.users.labels import is_one_line
from entrypoints.http.cursor_seal import MARK_PATTERN
from entrypoints.http.cursors import CURSOR_PATTERN, MAX_LIMIT, limit_in, place_of
from entrypoints.http.openapi.operation import Header, Parameter, declared_in
from entrypoints.http.payloads import escaped

T = TypeVar("T")

_MAX_TEXT: Final = 254
LINE_PATTERN: Final = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
_ASCII_LINE: Final = re.compile("^[ -~]*$")
_FLAGS: Final = {"true": True, "false": False}

NEXT_PAGE: Final = Header(
    "Link", 'The address of the next page, rel="next" (RFC 8288); absent from the last one.'
)


LIMIT: Final = Parameter(
    "limit",
    limit_in,
    {"type": "integer", "minimum": 1, "default": 20},
    f"How many a page has at most, and {MAX_LIMIT} where more are asked for.",
)


def cursor(read: Callable[[str], T], pattern: str) -> Parameter[T]:
    """
    Return the parameter that goes on where a page ended, at the place that *read* returns.

    What *read* gets, and *pattern* is of, has its mark taken off already.
    """
    return Parameter(
        "cursor",
        read,
        {"type": "string", "pattern": f"^{MARK_PATTERN}{pattern.removeprefix('^')}"},
        "Where the page before ended, as its Link header gave it.",
    )


CURSOR: Final = cursor(place_of, CURSOR_PATTERN)


def limit_of(req: falcon.Request) -> dict[str, int]:
    """Return `limit` if it is given."""
    limit = LIMIT.of(req)
    return {} if limit is None else {"limit": limit}


def refuse_other_parameters(req: falcon.Request) -> None:
    """Refuse what is not declared: who asks for a choice that there is none of must be told so."""
    known = [parameter.name for parameter in declared_in(req).query]
    for name in req.params:
        if name not in known:
            raise UnknownMember(
                f"there is no such parameter here; there are {', '.join(known)}",
                pointer=f"/{escaped(name)}",
            )


def link_to_next(req: falcon.Request, resp: falcon.Response, limit: int, after: str | None) -> None:
    """Lead to the page of the same choice that begins at *after* (RFC 8288), unless None."""
    if after is not None:
        choice = {name: req.get_param(name) for name in req.params}
        query = urlencode(choice | {"limit": limit, "cursor": after})
        resp.set_header("Link", f'<{req.path}?{query}>; rel="next"')


def choice(name: str, among: Mapping[str, T], meaning: str) -> Parameter[T]:
    """Return a parameter that names one of *among*."""

    def read(text: str) -> T:
        if text not in among:
            raise InvalidParameter(f"must be one of {', '.join(among)}", pointer=f"/{name}")
        return among[text]

    return Parameter(name, read, {"type": "string", "enum": list(among)}, meaning)


def flag(name: str, meaning: str) -> Parameter[bool]:
    """Return a parameter that is `true` or `false`."""

    def read(text: str) -> bool:
        if text not in _FLAGS:
            raise InvalidParameter("must be true or false", pointer=f"/{name}")
        return _FLAGS[text]

    return Parameter(name, read, {"type": "boolean", "default": False}, meaning)


def identifier(name: str, meaning: str) -> Parameter[UUID]:
    """Return a parameter that is an id."""

    def read(text: str) -> UUID:
        with suppress(ValueError):
            found = UUID(text)
            if str(found) == text.lower():
                return found
        raise InvalidParameter("must be an id", pointer=f"/{name}")

    return Parameter(name, read, {"type": "string", "format": "uuid"}, meaning)


def ascii_line(name: str, meaning: str) -> Parameter[str]:
    """Return a parameter that is a line of what addresses and our own names are made of."""

    def read(text: str) -> str:
        if len(text) > _MAX_TEXT or not _ASCII_LINE.fullmatch(text):
            raise InvalidParameter(
                f"must have at most {_MAX_TEXT} characters, all of them ASCII that prints",
                pointer=f"/{name}",
            )
        return text

    schema = {"type": "string", "maxLength": _MAX_TEXT, "pattern": _ASCII_LINE.pattern}
    return Parameter(name, read, schema, meaning)


def line(name: str, meaning: str) -> Parameter[str]:
    """Return a parameter that is a line of text; which characters print no pattern tells."""

    def read(text: str) -> str:
        if len(text) > _MAX_TEXT or not is_one_line(text):
            raise InvalidParameter(
                f"must have at most {_MAX_TEXT} characters, and no control characters",
                pointer=f"/{name}",
            )
        return text

    schema = {"type": "string", "maxLength": _MAX_TEXT, "pattern": LINE_PATTERN}
    return Parameter(name, read, schema, meaning)


def moment(name: str, meaning: str) -> Parameter[datetime]:
    """Return a parameter that is a time."""

    def read(text: str) -> datetime:
        with suppress(ValueError, OverflowError):
            found = datetime.fromisoformat(text)
            if found.tzinfo is not None:
                return found.astimezone(UTC)
        raise InvalidParameter(
            "must be a time with its zone, such as 2026-11-28T00:00:00Z", pointer=f"/{name}"
        )

    return Parameter(name, read, {"type": "string", "format": "date-time"}, meaning)
