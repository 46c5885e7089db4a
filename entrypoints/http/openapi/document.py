"""
The OpenAPI 3.1 document of a set of routes.

What handlers declare is put together with what holds for every route of a kind: who may ask is
told by the table of scopes, what goes wrong by the table of problems, how often may be asked by
where the address lies.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final, cast

import attrs
from falcon.routing import map_http_methods

from application.errors import InsufficientScope, PortFailure, TooManyRequests
from application.ports.access_tokens import InvalidToken
from application.ports.unit_of_work import DatabaseUnavailable
from domain.errors import InvalidParameter, UnknownMember
from domain.images.operations import camel_case
from domain.users.scopes import Scope
from entrypoints.http import errors
from entrypoints.http.cursor_seal import InvalidCursor
from entrypoints.http.idempotency import KEY_HEADER, KEY_PATTERN, InvalidIdempotencyKey
from entrypoints.http.language_schema import language_schema
from entrypoints.http.openapi.operation import (
    Answer,
    Bare,
    Header,
    Link,
    Operation,
    Schema,
    operation_of,
)
from entrypoints.http.openapi.parts import LANGUAGE, LANGUAGE_OF_PRESETS
from entrypoints.http.openapi.schemas import NO_NUL, Schemas, relocated
from entrypoints.http.problems import PROBLEMS, Problem
from entrypoints.http.processing_options import NOT_IN_A_PRESET, SHORT_FORM
from entrypoints.http.route_scopes import ROUTE_SCOPES

_VERSION: Final = "1"
_COUNTED: Final = ("/api/", "/files/")
_ID: Final[Schema] = {"type": "string", "format": "uuid"}
_NAME: Final[Schema] = {"type": "string", "minLength": 1}
_PATH_PARAMETERS: Final[dict[str, Schema]] = {
    "session_id": _ID,
    "image_id": _ID,
    "task_id": _ID,
    "erasure_id": _ID,
    "key_id": _ID,
    "webhook_id": _ID,
    "user_id": _ID,
    "identity_id": _ID,
    "provider": _NAME,
    "name": _NAME,
    "variant": _NAME,
    "number": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    "code": {"type": "string", "enum": list(PROBLEMS)},
}

# What goes wrong before any handler is asked, or in spite of it.
_EVERYWHERE: Final = (
    "bad-request", "length-required", "unsupported-transfer-coding",
    "unsupported-content-encoding", "uri-too-long", "header-fields-too-large", "internal-error",
)  # fmt: skip
_OF_EVERY_BODY: Final = (
    errors.IncompleteBody, errors.RequestTimeout, errors.BodyTooLarge, errors.UnsupportedBody,
)  # fmt: skip
_OF_JSON: Final = (errors.MalformedJSON, InvalidParameter, UnknownMember)
_OF_FORMS: Final = (
    errors.MalformedMultipart, errors.MissingPart, errors.DuplicatePart, errors.LengthRequired,
    InvalidParameter,
)  # fmt: skip

_REQUEST_ID: Final = Header("X-Request-Id", "The request's id, for the log.", is_sure=True)
_STANDINGS: Final = (
    Header("RateLimit-Policy", "The limits that the request was counted under."),
    Header("RateLimit", "How they stand."),
)
_RETRY_AFTER: Final = Header(
    "Retry-After", "Seconds to wait before asking again.", {"type": "integer", "minimum": 1}
)
_CHALLENGE: Final = Header("WWW-Authenticate", "What token would do (RFC 6750).", is_sure=True)
_ALLOW: Final = Header("Allow", "The methods that there are.", is_sure=True)
_IDEMPOTENCY_KEY: Final = Header(
    KEY_HEADER,
    "Makes it safe to send the request again; any 1 to 255 visible ASCII characters.",
    {"type": "string", "pattern": KEY_PATTERN},
)


@attrs.frozen
class Route:
    """
    A resource and where it is.

    Attributes:
        suffix: Of the responders that are meant, as Falcon has it.
    """

    path: str
    resource: object
    suffix: str | None = None

    def handlers(self) -> dict[str, Callable[..., None]]:
        """Return what answers each method."""
        return cast(
            "dict[str, Callable[..., None]]", map_http_methods(self.resource, suffix=self.suffix)
        )


@attrs.define
class Parts:
    """What several operations share, each once."""

    schemas: Schemas = attrs.field(factory=Schemas)
    responses: dict[str, Schema] = attrs.field(factory=dict)
    headers: dict[str, Schema] = attrs.field(factory=dict)

    def refusal(self, status: int, described: Schema) -> Schema:
        """Return a reference to *described*, how it is refused with *status*."""
        return _kept("responses", self.responses, f"Refused{status}", described)

    def described(self, headers: Iterable[Header]) -> Schema:
        """Return *headers*, by their names, each of them a reference."""
        return {
            header.name: _kept("headers", self.headers, header.name, _header(header))
            for header in headers
        }


def _kept(room: str, kept: dict[str, Schema], name: str, described: Schema) -> Schema:
    """Return a reference to *described*, kept under *name* and a number, unless it is already."""
    for known, one in kept.items():
        if one == described:
            return {"$ref": f"#/components/{room}/{known}"}
    number = sum(known.startswith(f"{name}.") for known in kept) + 1
    kept[f"{name}.{number}"] = described
    return {"$ref": f"#/components/{room}/{name}.{number}"}


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """
    Return the description of *routes*; the same for the same routes, in every process.

    Raises:
        Undeclared: A handler declares nothing.
        KeyError: A link leads to what is not served, or a part of a path is not known here.
    """
    parts = Parts()
    parts.schemas.components |= _language()
    described = {
        route.path: {
            method.lower(): _operation(method, route.path, operation_of(handler), parts)
            for method, handler in sorted(route.handlers().items())
        }
        for route in sorted(routes, key=lambda route: route.path)
    }
    _check_links(described)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Safelight",
            "version": _VERSION,
            "description": "Send a picture, say what is to be done, be told when it is.",
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": "/"}],
        "paths": described,
        "components": {
            "schemas": dict(sorted(parts.schemas.components.items())) | {"Problem": _PROBLEM},
            "responses": parts.responses,
            "headers": parts.headers,
            "securitySchemes": _SECURITY,
        },
    }


_PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "pointer": {"type": "string", "description": "A JSON pointer to the value meant."},
        "requestId": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail", "code", "requestId"],
}
_SECURITY: Final = {
    "session": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of a sign-in, POST /api/auth/login.",
    },
    "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, POST /api/api-keys; what it opens is told by its scopes: "
        + ", ".join(scope.value for scope in Scope)
        + ".",
    },
}


def operation_id(method: str, path: str) -> str:
    """Return what clients call an operation: `GET /api/tasks/{task_id}` is `getTasksByTaskId`."""
    words = [method.lower()]
    for part in path.strip("/").removeprefix("api/").split("/"):
        if part.startswith("{"):
            words += ["by", *part.strip("{}").split("_")]
        else:
            words += part.replace(".", "-").split("-")
    return camel_case("_".join(word for word in words if word))


def _operation(method: str, path: str, declared: Operation, parts: Parts) -> Schema:
    route = ("GET" if method == "HEAD" else method, path)
    described: Schema = {
        "operationId": operation_id(method, path),
        "summary": declared.summary,
        "tags": [_tag(path)],
        "security": _security(route, declared),
    }
    if parameters := [*_in_path(path), *_in_query(declared), *_in_headers(declared)]:
        described["parameters"] = parameters
    if (body := _body(declared, parts.schemas)) is not None:
        described["requestBody"] = body
    answers: dict[str, Schema] = {}
    for one in declared.answers:
        answer = _answer(one, method, path, parts)
        known = answers.get(str(one.status))
        answers[str(one.status)] = answer if known is None else _either(known, answer)
    refusals = _refusals(_problems(route, declared), method, path, parts)
    described["responses"] = dict(sorted((answers | refusals).items()))
    return described


def _tag(path: str) -> str:
    """Return what the operation is about: the first word of its path."""
    first = path.strip("/").removeprefix("api/").partition("/")[0]
    return first.removesuffix(".json") or "pages"


def _security(route: tuple[str, str], declared: Operation) -> list[Schema]:
    if declared.may_have_token:
        return [{}, {"session": []}]
    if route not in ROUTE_SCOPES:
        return []
    scope = ROUTE_SCOPES[route]
    return [{"session": []}, *([] if scope is None else [{"apiKey": [scope.value]}])]


def _in_path(path: str) -> Iterator[Schema]:
    for part in path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}")
            yield {"name": name, "in": "path", "required": True, "schema": _PATH_PARAMETERS[name]}


def _in_query(declared: Operation) -> Iterator[Schema]:
    for one in declared.query:
        yield {"name": one.name, "in": "query", "description": one.meaning, "schema": one.schema}


def _in_headers(declared: Operation) -> Iterator[Schema]:
    for one in (*declared.headers, *((_IDEMPOTENCY_KEY,) if declared.takes_key else ())):
        yield {"name": one.name, "in": "header", "description": one.meaning, "schema": one.schema}


def _body(declared: Operation, schemas: Schemas) -> Schema | None:
    if declared.form is not None:
        encoding = {
            name: {"contentType": media_type}
            for name, media_type in declared.form.media_types.items()
        }
        media = {"schema": declared.form.schema, "encoding": encoding}
        return {"required": True, "content": {"multipart/form-data": media}}
    if declared.body is None:
        return None
    return {
        "required": not declared.is_body_optional,
        "content": {"application/json": {"schema": schemas.of(declared.body)}},
    }


def _answer(answer: Answer[Any] | Bare, method: str, path: str, parts: Parts) -> Schema:
    if isinstance(answer, Answer):
        content = {answer.media_type: {"schema": parts.schemas.of(answer.kind)}}
    else:
        content = {name: {"schema": schema} for name, schema in answer.media.items()}
    described: Schema = {
        "description": answer.meaning,
        "headers": parts.described((_REQUEST_ID, *_standings(path), *answer.headers)),
    }
    if content and method != "HEAD":
        described["content"] = content
    if answer.links and method != "HEAD":
        links = [*answer.links, *(_to_head(link) for link in answer.links if link.method == "GET")]
        described["links"] = {operation_id(link.method, link.path): _link(link) for link in links}
    return described


def _to_head(link: Link) -> Link:
    return attrs.evolve(link, method="HEAD")


def _either(one: Schema, other: Schema) -> Schema:
    """Return what tells of two answers of one status; a header is sure if it is on both."""
    described = {"description": f"{one['description']} Or: {other['description']}"}
    kept = {name: header for name, header in one["headers"].items() if name in other["headers"]}
    schemas = [
        media["schema"] for answer in (one, other) for media in answer.get("content", {}).values()
    ]
    content = {"content": {"application/json": {"schema": {"anyOf": schemas}}}} if schemas else {}
    links = {"links": one["links"]} if "links" in one else {}
    return {**described, "headers": kept, **content, **links}


def _link(link: Link) -> Schema:
    described: Schema = {"operationId": operation_id(link.method, link.path)}
    if link.parameters:
        described["parameters"] = dict(link.parameters)
    if link.body:
        described["requestBody"] = dict(link.body)
    return described


def _check_links(described: Mapping[str, Schema]) -> None:
    operations = [one for methods in described.values() for one in methods.values()]
    known = {one["operationId"] for one in operations}
    answers = [answer for one in operations for answer in one["responses"].values()]
    led_to = {link["operationId"] for one in answers for link in one.get("links", {}).values()}
    if led_to - known:
        raise KeyError(f"links lead to what is not served: {', '.join(sorted(led_to - known))}")


def _standings(path: str) -> tuple[Header, ...]:
    return _STANDINGS if path.startswith(_COUNTED) else ()


def _header(header: Header) -> Schema:
    return {
        "description": header.meaning,
        "schema": header.schema,
        **({"required": True} if header.is_sure else {}),
    }


def _problems(route: tuple[str, str], declared: Operation) -> list[Problem]:
    """Return everything that the operation may be refused with."""
    path = route[1]
    codes = set(_EVERYWHERE)
    kinds: set[type[Exception]] = set(declared.refusals)
    if path.startswith("/api/"):
        codes.add("not-acceptable")
    if path.startswith(_COUNTED):
        kinds |= {TooManyRequests, DatabaseUnavailable}
    if route in ROUTE_SCOPES:
        kinds |= {InvalidToken, InsufficientScope}
    if declared.body is not None or declared.form is not None:
        kinds |= set(_OF_EVERY_BODY)
        kinds |= set(_OF_FORMS if declared.body is None else _OF_JSON)
    if declared.query:
        kinds |= {InvalidParameter, UnknownMember}
    if any(parameter.name == "cursor" for parameter in declared.query):
        kinds.add(InvalidCursor)
    if declared.takes_key:
        kinds.add(InvalidIdempotencyKey)
    if any(issubclass(kind, PortFailure) for kind in kinds):
        codes.add("service-unavailable")
    codes |= {errors.problem_of(kind).code for kind in kinds}
    return sorted((PROBLEMS[code] for code in codes), key=lambda one: (one.status, one.code))


def _refusals(problems: Sequence[Problem], method: str, path: str, parts: Parts) -> Schema:
    refusals = {}
    for status, group in groupby(problems, key=lambda problem: problem.status):
        codes = [problem.code for problem in group]
        headers = [_REQUEST_ID, *_standings(path)]
        if status == HTTPStatus.UNAUTHORIZED:
            headers.append(_CHALLENGE)
        if any(PROBLEMS[code].retry_after_seconds for code in codes) or status == 429:
            headers.append(_RETRY_AFTER)
        described: Schema = {
            "description": "; ".join(f"{code}: {PROBLEMS[code].title}" for code in codes),
            "headers": parts.described(headers),
        }
        if method != "HEAD":
            described["content"] = {
                errors.MEDIA_TYPE: {
                    "schema": {
                        "allOf": [
                            {"$ref": "#/components/schemas/Problem"},
                            {"properties": {"code": {"enum": codes}, "status": {"const": status}}},
                        ]
                    }
                }
            }
        refusals[str(status)] = parts.refusal(status, described)
    return refusals


def _language() -> dict[str, Schema]:
    """Return the schemas of the language, which `GET /api/operations` serves as one."""
    served = language_schema()
    long_form = {name: value for name, value in served.items() if name not in ("$schema", "$defs")}
    return {
        **_forms(LANGUAGE, long_form, SHORT_FORM),
        **_forms(
            LANGUAGE_OF_PRESETS,
            long_form | {"properties": _said_by_presets(long_form["properties"])},
            tuple(_said_by_presets(dict.fromkeys(SHORT_FORM))),
        ),
        **{_place(name): relocated(schema, _place) for name, schema in served["$defs"].items()},
    }


def _place(name: str) -> str:
    return f"{LANGUAGE}.{name}"


def _said_by_presets(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in NOT_IN_A_PRESET}


def _forms(name: str, long_form: Schema, short_form: Sequence[str]) -> dict[str, Schema]:
    """Return the schemas of one language in its three forms."""
    known = long_form["properties"]
    # What members of the short form may be, their notations, is told by their reader alone.
    members = {one: known.get(one, {}) if one != "variants" else {} for one in short_form}
    return {
        name: {
            "description": "In the long form, in the short form, or as text in the URL form.",
            "anyOf": [
                {"$ref": f"#/components/schemas/{name}.long"},
                {"$ref": f"#/components/schemas/{name}.short"},
                {"type": "string", "pattern": NO_NUL},
            ],
        },
        f"{name}.long": relocated(long_form, _place),
        f"{name}.short": {
            "type": "object",
            "description": "A flat object; docs/processing-options.md has the notations.",
            "properties": relocated(members, _place),
            "additionalProperties": False,
        },
    }
