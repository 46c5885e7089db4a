"""
What one operation takes and answers, said once, in front of the handler that keeps to it.

The handler reads its body, its query and its idempotency key by what is declared, and answers with
it. What it did not declare it does not get: `Undeclared` is raised at the first such request, so
that the document, which is made of the declarations, cannot tell of another API than this.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, Generic, TypeVar, cast

import attrs
import falcon
import orjson

from application.idempotency import IdempotencyKeyReused, RequestInProgress

T = TypeVar("T")
Handler = TypeVar("Handler", bound=Callable[..., None])
Schema = dict[str, Any]

MEDIA_ANY: Final = "*/*"


class Undeclared(Exception):
    """A handler does what its declaration does not say: a mistake of ours, never of a caller."""


@attrs.frozen
class Header:
    """
    A header of requests or answers.

    Attributes:
        is_sure: Whether it is always there.
    """

    name: str
    meaning: str
    schema: Schema = attrs.field(factory=lambda: {"type": "string"})
    is_sure: bool = False


@attrs.frozen
class Link:
    """
    Where an answer leads.

    Attributes:
        method: Of the operation that it leads to.
        path: Of that, as a template.
        parameters: Runtime expressions of OpenAPI, by the parameters that they fill.
        body: Likewise, by the members of the body.
    """

    method: str
    path: str
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    body: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Answer(Generic[T]):
    """
    A JSON document that is answered when all is well.

    Attributes:
        kind: Its class, a `TypedDict`, by which mypy checks what handlers write.
    """

    status: int
    kind: type[T]
    meaning: str
    headers: tuple[Header, ...] = ()
    links: tuple[Link, ...] = ()
    media_type: str = falcon.MEDIA_JSON

    def write(self, resp: falcon.Response, document: T) -> None:
        """Answer with *document*."""
        declared_in(resp).check(self)
        resp.status = self.status
        resp.content_type = self.media_type
        resp.data = orjson.dumps(document)


@attrs.frozen
class Bare:
    """
    An answer that is no JSON: nothing, text, a page, a file.

    Attributes:
        media: The schema of each media type in which it may come; of none it has no body.
    """

    status: int
    meaning: str
    media: Mapping[str, Schema] = attrs.field(factory=dict)
    headers: tuple[Header, ...] = ()
    links: tuple[Link, ...] = ()

    def write(self, resp: falcon.Response) -> None:
        """Set the status; what there is beside it the handler sets itself."""
        declared_in(resp).check(self)
        resp.status = self.status


@attrs.frozen
class Parameter(Generic[T]):
    """
    One parameter of a query: how it is read, and what is told of it.

    Attributes:
        read: Returns what a text means, or raises `InvalidParameter`.
    """

    name: str
    read: Callable[[str], T]
    schema: Schema
    meaning: str

    def of(self, req: falcon.Request) -> T | None:
        """Return what *req* says, or None if it says nothing."""
        declared_in(req).check(self)
        text = req.get_param(self.name)
        return None if text is None else self.read(text)


@attrs.frozen
class Form:
    """
    A multipart/form-data body.

    Attributes:
        schema: Of its parts, by their names.
        media_types: Of the content of a part, where it is not text.
    """

    schema: Schema
    media_types: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Operation:
    """
    What is declared.

    Attributes:
        summary: The handler's own docstring.
        body: The class of the JSON body; None for an operation without one.
        is_body_optional: Whether it may be left out.
        query: Its parameters; others are refused if the handler calls `refuse_other_parameters`.
        headers: Of requests, beside those that are the same everywhere.
        refusals: What may be raised because of this operation alone.
        takes_key: Whether an `Idempotency-Key` is heeded.
        may_have_token: Whether a token in the header is one way to do it, though no door is closed.
    """

    summary: str
    answers: tuple[Answer[Any] | Bare, ...]
    body: type | None = None
    is_body_optional: bool = False
    form: Form | None = None
    query: tuple[Parameter[Any], ...] = ()
    headers: tuple[Header, ...] = ()
    refusals: tuple[type[Exception], ...] = ()
    takes_key: bool = False
    may_have_token: bool = False

    def check(self, used: object) -> None:
        """
        Return if *used*, an answer, parameter or class of a body, has been declared.

        Raises:
            Undeclared: It has not.
        """
        if not any(used is one for one in (*self.answers, *self.query, self.body, self.form)):
            raise Undeclared(f"{self.summary!r} does not declare {used!r}")


def operation(
    *answers: Answer[Any] | Bare,
    body: type | None = None,
    is_body_optional: bool = False,
    form: Form | None = None,
    query: tuple[Parameter[Any], ...] = (),
    headers: tuple[Header, ...] = (),
    refusals: tuple[type[Exception], ...] = (),
    takes_key: bool = False,
    may_have_token: bool = False,
) -> Callable[[Handler], Handler]:
    """Declare what the handler below takes and answers; see `Operation`."""

    def declare(handler: Handler) -> Handler:
        declared = Operation(
            (handler.__doc__ or "").strip().partition("\n")[0],
            answers,
            body,
            is_body_optional,
            form,
            query,
            headers,
            (*refusals, *((IdempotencyKeyReused, RequestInProgress) if takes_key else ())),
            takes_key,
            may_have_token,
        )

        @wraps(handler)
        def keeping_to_it(
            resource: object, req: falcon.Request, resp: falcon.Response, **params: str
        ) -> None:
            req.context.operation = resp.context.operation = declared
            handler(resource, req, resp, **params)

        keeping_to_it.operation = declared  # type: ignore[attr-defined]  # as `operation_of` knows
        return cast("Handler", keeping_to_it)

    return declare


def operation_of(handler: Callable[..., None]) -> Operation:
    """
    Return what *handler* declares.

    Raises:
        Undeclared: Nothing.
    """
    declared = getattr(handler, "operation", None)
    if not isinstance(declared, Operation):
        raise Undeclared(f"{handler.__qualname__} declares nothing")
    return declared


def declared_in(message: falcon.Request | falcon.Response) -> Operation:
    """Return what the handler of a request, or of an answer, declares."""
    declared = getattr(message.context, "operation", None)
    if not isinstance(declared, Operation):
        raise Undeclared("the handler declares nothing")
    return declared
