"""JSON bodies in and out, and what cattrs says about them in the API's own words."""

from datetime import UTC, datetime
from typing import Any, Final, TypeVar, overload
from uuid import UUID

import attrs
import cattrs
import falcon
from cattrs.errors import ForbiddenExtraKeysError

from application.errors import NotFound
from domain.errors import DomainError, InvalidParameter, UnknownMember
from domain.images.operations import camel_case
from entrypoints.http.body import read_whole
from entrypoints.http.errors import MalformedJSON, UnsupportedBody
from entrypoints.http.openapi.operation import declared_in
from entrypoints.http.strict_json import MAX_BYTES, parse

T = TypeVar("T")

_JSON: Final = ("application/json", "application/json;charset=utf-8")


@overload
def timestamp(moment: datetime) -> str: ...


@overload
def timestamp(moment: datetime | None) -> str | None: ...


def timestamp(moment: datetime | None) -> str | None:
    """Return *moment* as the API writes it: RFC 3339, UTC, milliseconds."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def id_in_path(text: str) -> UUID:
    """Return the id in a path; what is not spelled as we spell ids is an id we do not know."""
    try:
        found = UUID(text)
    except ValueError:
        raise NotFound from None
    if str(found) != text:
        raise NotFound
    return found


@attrs.frozen
class PayloadReader:
    """Builds values out of JSON bodies, strictly, and points to what is wrong."""

    converter: cattrs.Converter

    def read(self, req: falcon.Request, kind: type[T]) -> T:
        """Return the body of *req* as a *kind*."""
        value = self.read_optional(req, kind)
        if value is None:
            raise MalformedJSON("The request needs a JSON body.")
        return value

    def read_optional(self, req: falcon.Request, kind: type[T]) -> T | None:
        """Return the body of *req* as a *kind*, or None if it has no body."""
        declared_in(req).check(kind)
        if not (data := read_whole(req, MAX_BYTES)):
            return None
        media_type = (req.content_type or _JSON[0]).replace(" ", "").lower()
        if media_type not in _JSON:
            raise UnsupportedBody("Send the body as application/json.")
        value: T = structure(self.converter, parse(data), kind)
        return value


def structure(converter: cattrs.Converter, document: object, kind: Any) -> Any:
    """
    Return *document* as a *kind*, a union or class that *converter* knows.

    Raises:
        DomainError: With a pointer into *document*, in the spelling of whoever wrote it.
    """
    if attrs.has(kind) and not isinstance(document, dict):
        raise InvalidParameter("must be an object", pointer="")
    try:
        return converter.structure(document, kind)
    except (cattrs.BaseValidationError, DomainError) as error:
        raise refusal_in(error) from None


def refusal_in(error: Exception) -> DomainError:
    """Return the first refusal in what cattrs collected, its pointer made whole."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, ForbiddenExtraKeysError):
        name = min(error.extra_fields)
        known = ", ".join(camel_case(field.name) for field in attrs.fields(error.cl))
        return UnknownMember(
            f"there is no such member here; there are {known}"
            if known
            else "there are no members here",
            pointer=f"/{escaped(name)}",
        )
    if isinstance(error, KeyError):
        # The generated code looks members up by name; a default would have kept it quiet.
        return InvalidParameter("is missing")
    if isinstance(error, cattrs.BaseValidationError):
        # A misspelled member is the better news than the one that it leaves missing.
        inner = min(error.exceptions, key=lambda one: not isinstance(one, ForbiddenExtraKeysError))
        return refusal_in(inner).under(_place(inner))
    raise error


def _place(error: Exception) -> str:
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, cattrs.AttributeValidationNote):
            return f"/{camel_case(note.name)}"
        if isinstance(note, cattrs.IterableValidationNote):
            return f"/{note.index}"
    return ""


def escaped(name: str) -> str:
    """Return *name* as a part of a JSON pointer (RFC 6901 §3)."""
    return name.replace("~", "~0").replace("/", "~1")
