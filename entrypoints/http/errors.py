"""
From exceptions to problem documents (RFC 9457).

A refusal's `code` finds its row in `problems.PROBLEMS`; nothing else decides a status. Whatever
nobody foresaw is answered as `internal-error`, told to the log with its traceback and to the
customer with nothing but the request's id. What was foreseen, such as a database that is away, is
told in the request's own line, its cause in words.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Final

import falcon
import orjson
import structlog

from application.errors import (
    ApplicationError,
    InsufficientScope,
    NotFound,
    NotReady,
    PortFailure,
    QuotaExceeded,
    TooManyRequests,
)
from application.ports.access_tokens import InvalidToken
from application.ports.download_links import LinkForged
from domain.errors import DomainError
from entrypoints.http.pages import POLICY, refusal_page
from entrypoints.http.problems import PROBLEMS, Problem

MEDIA_TYPE: Final = "application/problem+json"

# Falcon's own errors, by status; what is not here is a bad request or an internal error.
_CODES: Final = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    408: "request-timeout",
    411: "length-required",
    413: "content-too-large",
    414: "uri-too-long",
    415: "unsupported-media-type",
    416: "range-not-satisfiable",
    429: "too-many-requests",
    431: "header-fields-too-large",
    503: "service-unavailable",
}

# What tells browsers who may read an answer is true of a refusal, too.
_KEPT: Final = ("access-control-", "vary")

_log: Final = structlog.get_logger("safelight.http")


class RequestRefused(Exception):
    """
    Base of the refusals that HTTP itself makes.

    Attributes:
        code: As in `problems.PROBLEMS`.
        detail: One sentence that a customer can act on.
        headers: For the answer.
    """

    code: ClassVar[str] = "bad-request"

    def __init__(self, detail: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers or {}


class MalformedJSON(RequestRefused):
    """The text is not JSON, or not of the careful kind."""

    code = "malformed-json"


class MalformedMultipart(RequestRefused):
    """The body is no form."""

    code = "malformed-multipart"


class IncompleteBody(RequestRefused):
    """Fewer bytes came than were announced."""

    code = "incomplete-body"


class RequestTimeout(RequestRefused):
    """The body comes too slowly."""

    code = "request-timeout"


class MissingPart(RequestRefused):
    """The form lacks a part."""

    code = "missing-part"


class DuplicatePart(RequestRefused):
    """A part came more than once."""

    code = "duplicate-part"


class LengthRequired(RequestRefused):
    """The body's length is not announced."""

    code = "length-required"


class BodyTooLarge(RequestRefused):
    """The body is longer than any that is read."""

    code = "content-too-large"


class UnsupportedBody(RequestRefused):
    """The body is of a media type that is not read here."""

    code = "unsupported-media-type"


class UnsupportedContentEncoding(RequestRefused):
    """The body is compressed."""

    code = "unsupported-content-encoding"


class NotAcceptable(RequestRefused):
    """The caller does not take JSON."""

    code = "not-acceptable"


class RangeNotSatisfiable(RequestRefused):
    """The range lies outside the file."""

    code = "range-not-satisfiable"


class NotServing(RequestRefused):
    """The process is about to stop, or lacks what it needs."""

    code = "service-unavailable"


def install(app: falcon.App[Any, Any], protect: Callable[[falcon.Response], None]) -> None:
    """
    Let every exception of *app* end in a problem document.

    Args:
        protect: Sets the headers that every answer has.
    """

    def unforeseen(
        req: falcon.Request, resp: falcon.Response, error: Exception, _: dict[str, Any]
    ) -> None:
        _unforeseen(req, resp, error)
        protect(resp)

    app.add_error_handler(Exception, unforeseen)
    app.add_error_handler(falcon.HTTPError, _falcons)
    for family in (DomainError, ApplicationError, RequestRefused):
        app.add_error_handler(family, _refusal)
    app.add_error_handler(PortFailure, _failure)


def problem_of(error: type[Exception]) -> Problem:
    """Return the row of *error*, or of the nearest of its bases that has one."""
    for kind in error.__mro__:
        problem = PROBLEMS.get(vars(kind).get("code", ""))
        if problem is not None:
            return problem
    if issubclass(error, PortFailure) and error.transient:
        return PROBLEMS["service-unavailable"]
    return PROBLEMS["internal-error"]


def problem_document(
    problem: Problem, detail: str, request_id: str, *, pointer: str | None = None
) -> bytes:
    """Return *problem* as JSON."""
    document: dict[str, str | int] = {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "code": problem.code,
    }
    if pointer is not None:
        document["pointer"] = pointer
    return orjson.dumps(document | {"requestId": request_id})


def answer(
    req: falcon.Request,
    resp: falcon.Response,
    problem: Problem,
    detail: str,
    *,
    pointer: str | None = None,
    retry_after_seconds: int | None = None,
) -> None:
    """Make *resp* a problem document, or a page for a person in a browser."""
    request_id = getattr(resp.context, "request_id", "")
    resp.status = problem.status
    resp.stream = None
    if _is_looked_at(req):
        resp.data = refusal_page(problem, detail, request_id).encode()
        resp.content_type = falcon.MEDIA_HTML
        resp.set_header("Content-Security-Policy", POLICY)
    else:
        resp.data = problem_document(problem, detail, request_id, pointer=pointer)
        resp.content_type = MEDIA_TYPE
    resp.append_header("Vary", "Accept")
    wait = retry_after_seconds or problem.retry_after_seconds
    if wait is not None:
        resp.set_header("Retry-After", str(wait))
    resp.context.problem = problem.code


def _is_looked_at(req: falcon.Request) -> bool:
    """Whether the answer is for a person's eyes; the API itself speaks JSON to everybody."""
    return (
        req.method in ("GET", "HEAD")
        and not req.path.startswith("/api/")
        and "text/html" in (req.get_header("Accept") or "")
    )


def _refusal(
    req: falcon.Request,
    resp: falcon.Response,
    error: DomainError | ApplicationError | RequestRefused,
    __: dict[str, Any],
) -> None:
    problem = problem_of(type(error))
    if problem.status == 401 or isinstance(error, InsufficientScope):
        resp.set_header("WWW-Authenticate", _challenge(error))
    # Whoever tries ids, tokens or links learns nothing from how they are refused.
    if isinstance(error, (NotFound, InvalidToken, LinkForged)):
        answer(req, resp, problem, problem.remedy)
        return
    if isinstance(error, RequestRefused):
        resp.set_headers(error.headers)
        answer(req, resp, problem, error.detail)
        return
    if isinstance(error, QuotaExceeded):
        req.context.quota = error
    answer(
        req,
        resp,
        problem,
        _sentence(error.detail, error.pointer),
        pointer=error.pointer,
        retry_after_seconds=_wait(error),
    )


def _wait(error: Exception) -> int | None:
    if isinstance(error, NotReady | TooManyRequests | QuotaExceeded):
        return error.retry_after_seconds
    return None


def _challenge(error: Exception) -> str:
    """Say what token would do, as RFC 6750 §3 has it."""
    challenge = 'Bearer realm="safelight"'
    if isinstance(error, InvalidToken):
        challenge += ', error="invalid_token"'
    if isinstance(error, InsufficientScope):
        challenge += ', error="insufficient_scope"'
        if error.scope is not None:
            challenge += f', scope="{error.scope.value}"'
    return challenge


def _sentence(detail: str, pointer: str | None) -> str:
    """Complete what the domain says of a value: `must be …` is said of the pointer's value."""
    if not detail[:1].islower():
        return detail
    if pointer:
        return f"{pointer}: {detail}."
    return f"{detail[0].upper()}{detail[1:]}."


def _failure(req: falcon.Request, resp: falcon.Response, error: PortFailure, __: Any) -> None:
    problem = problem_of(type(error))
    if problem.code == "internal-error":
        _unforeseen(req, resp, error)
        return
    resp.context.failure = error.in_words()
    answer(req, resp, problem, problem.remedy)


def _falcons(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, __: Any) -> None:
    code = _CODES.get(error.status_code)
    if code is None:
        code = "bad-request" if error.status_code < 500 else "internal-error"
    problem = PROBLEMS[code]
    if error.headers is not None:
        resp.set_headers(error.headers)
    told = error.description if code == "bad-request" else None
    answer(req, resp, problem, told or problem.remedy)


def _unforeseen(req: falcon.Request, resp: falcon.Response, error: Exception) -> None:
    # What the answer was going to say of itself, or hand over: lengths, tags, tokens.
    for name in resp.headers:
        if not name.startswith(_KEPT):
            resp.delete_header(name)
    _log.error("request failed", method=req.method, route=req.uri_template, exc_info=error)
    problem = PROBLEMS["internal-error"]
    answer(req, resp, problem, problem.remedy)
