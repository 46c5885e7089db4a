"""/api/openapi.json tells of every route that is served, and of nothing else."""

import ast
import importlib
import inspect as python_inspect
import json
import os
import pkgutil
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import falcon
import pytest
from falcon import inspect
from openapi_spec_validator import validate

import application
from application.errors import ApplicationError, NotFound, PortFailure
from application.ports.access_tokens import InvalidToken
from domain.errors import DomainError
from entrypoints.http.use_cases import HTTPUseCases
from entrypoints.http.errors import problem_of
from entrypoints.http.language_schema import language_schema
from entrypoints.http.openapi.document import Route, document, operation_id
from entrypoints.http.openapi.operation import Answer, Parameter, Undeclared, operation
from entrypoints.http.openapi.parts import Message
from entrypoints.http.problems import PROBLEMS
from entrypoints.http.route_scopes import ROUTE_SCOPES
from tests.http.house import BEARER, TOKEN, Caller, House

ROOT = Path(__file__).parents[2]
BOOK = (ROOT / "docs" / "problems.md").read_text()


@cache
def _document() -> dict[str, Any]:
    told: dict[str, Any] = Caller(House()).simulate_get("/api/openapi.json").json
    return told


def _operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in _document()["paths"].items():
        for method, told in methods.items():
            yield method.upper(), path, told


def _resolved(told: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in told:
        return told
    _, _, room, name = told["$ref"].split("/")
    found: dict[str, Any] = _document()["components"][room][name]
    return found


def _codes(told: dict[str, Any]) -> set[str]:
    """Return the problems that an operation's responses name."""
    codes: set[str] = set()
    for status, answer in told["responses"].items():
        for media_type, media in _resolved(answer).get("content", {}).items():
            if media_type == "application/problem+json":
                [_, own] = media["schema"]["allOf"]
                assert own["properties"]["status"]["const"] == int(status)
                codes |= set(own["properties"]["code"]["enum"])
    return codes


def test_it_is_openapi_3_1() -> None:
    assert _document()["openapi"] == "3.1.0"

    validate(_document())


def test_it_tells_of_every_route_that_is_served_and_of_nothing_else() -> None:
    served = {
        (method.method, route.path)
        for route in inspect.inspect_app(House().app()).routes
        for method in route.methods
        if not method.internal
    }

    assert {(method, path) for method, path, _ in _operations()} == served


def test_a_route_that_declares_nothing_stops_the_start() -> None:
    class Undescribed:
        def on_get(self, _: falcon.Request, __: falcon.Response) -> None:
            """Answer."""

    with pytest.raises(Undeclared, match="Undescribed"):
        document([Route("/api/new", Undescribed())])


def test_names_of_operations_are_their_own() -> None:
    names = [told["operationId"] for _, _, told in _operations()]

    assert len(set(names)) == len(names) > 90
    assert operation_id("GET", "/api/tasks/{task_id}") == "getTasksByTaskId"


def test_every_problem_stands_in_the_book_and_under_its_own_status() -> None:
    for method, path, told in _operations():
        codes = _codes(told)
        if method != "HEAD":
            assert "internal-error" in codes, (method, path)
        for code in codes:
            assert f"| `{code}` | {PROBLEMS[code].status} |" in BOOK


def test_a_problem_that_no_operation_names_cannot_be_answered() -> None:
    named = set().union(*(_codes(told) for _, _, told in _operations()))

    assert set(PROBLEMS) - named == {
        "method-not-allowed",  # of methods that are no operations
        "not-authenticated",
        "refused",  # bases of others
    }


class TestWhatUseCasesRaise:
    """Each handler declares what the use cases that it calls say that they raise."""

    RAISES = re.compile(r"Raises:\n(.*?)(?:\n\s*\n|\n    Attributes:|\Z)", re.DOTALL)

    NEVER = (("DELETE", "/api/auth/sessions", "NotFound"),)  # all sessions are meant, not one

    @classmethod
    def refusals(cls) -> dict[str, type[Exception]]:
        """Return every refusal by the name of its class."""
        found: dict[str, type[Exception]] = {}
        waiting: list[type[Exception]] = [DomainError, ApplicationError, PortFailure]
        while waiting:
            kind = waiting.pop()
            found[kind.__name__] = kind
            waiting += kind.__subclasses__()
        return found

    @classmethod
    def use_cases(cls) -> dict[str, type]:
        """Return the classes of use cases, by the names under which the API has them."""
        names = {field.name.replace("_", ""): field.name for field in attrs.fields(HTTPUseCases)}
        found = {}
        for module in pkgutil.walk_packages(application.__path__, "application."):
            for name, kind in vars(importlib.import_module(module.name)).items():
                spelled = names.get(name.lower())
                if spelled and isinstance(kind, type) and "__call__" in vars(kind):
                    found[spelled] = kind
        return found

    def test_the_use_cases_are_found(self) -> None:
        missing = {field.name for field in attrs.fields(HTTPUseCases)} - set(self.use_cases())

        assert missing == {"metrics", "observe_request", "ready"}

    def test_all_of_it_is_declared(self) -> None:
        use_cases, refusals = self.use_cases(), self.refusals()
        compared = 0
        for route in _routes():
            for method, handler in route.handlers().items():
                codes = _codes(_document()["paths"][route.path].get(method.lower()))
                for name in _called(handler) & set(use_cases):
                    text = python_inspect.getdoc(use_cases[name]) or ""
                    for listed in self.RAISES.findall(text):
                        for kind in re.findall(r"^\s*([A-Z]\w+(?:, \w+)*):", listed, re.MULTILINE):
                            for one in kind.split(", "):
                                code = problem_of(refusals[one]).code
                                if (
                                    method != "HEAD"
                                    and one != "PortFailure"
                                    and (method, route.path, one) not in self.NEVER
                                ):
                                    assert code in codes, (method, route.path, name, one)
                                compared += 1

        assert compared > 100


def _routes() -> list[Route]:
    app = House().app()
    return [
        Route(route.path, app._router.find(route.path)[0], _suffix(route))  # noqa: SLF001
        for route in inspect.inspect_app(app).routes
    ]


def _suffix(route: inspect.RouteInfo) -> str | None:
    [suffix] = {method.suffix for method in route.methods if not method.internal}
    return suffix or None


def _called(handler: Any) -> set[str]:
    """Return which members of itself a handler calls."""
    source = textwrap.dedent(python_inspect.getsource(python_inspect.unwrap(handler)))
    return {
        node.func.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "self"
    }


def test_what_a_scope_opens_is_told() -> None:
    for method, path, told in _operations():
        if method == "HEAD":
            continue
        if (method, path) not in ROUTE_SCOPES:
            assert {} in told["security"] or told["security"] == []
            continue
        scope = ROUTE_SCOPES[method, path]
        keys = [] if scope is None else [{"apiKey": [scope.value]}]
        assert told["security"] == [{"session": []}, *keys]
        assert {"401", "403"} <= set(told["responses"])


def test_the_language_is_the_one_that_is_served_by_itself() -> None:
    schemas = _document()["components"]["schemas"]
    served = language_schema()

    told = {
        name: json.loads(
            json.dumps(schemas[f"ProcessingOptions.{name}"]).replace(
                "#/components/schemas/ProcessingOptions.", "#/$defs/"
            )
        )
        for name in ("long", *served["$defs"])
    }

    assert told.pop("long") == {
        name: value for name, value in served.items() if name not in ("$schema", "$defs")
    }
    assert told == served["$defs"]


def test_every_process_tells_the_same() -> None:
    program = (
        "from tests.http.house import House, TestClient;"
        "print(TestClient(House().app()).simulate_get('/api/openapi.json').headers['etag'])"
    )
    tags = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.splitlines()[-1]
        for seed in (1, 2)
    }

    assert len(tags) == 1 and re.fullmatch('"[0-9a-f]{32}"', tags.pop())


def test_anybody_may_read_it_and_keep_it(caller: Caller, house: House) -> None:
    answer = caller.simulate_get("/api/openapi.json")
    again = caller.simulate_get(
        "/api/openapi.json", headers={"If-None-Match": answer.headers["etag"]}
    )

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert again.status_code == 304 and not again.content
    assert [request.actor for request in house.counted] == [None, None]


class TestDeclarations:
    """A handler gets nothing that it has not declared."""

    ANSWER = Answer(200, Message, "It is done.")
    OTHER = Answer(202, Message, "It is done.")
    PARAMETER = Parameter("a", str, {"type": "string"}, "A text.")

    def test_an_answer_that_is_not_declared_is_not_given(self) -> None:
        class Resource:
            @operation(TestDeclarations.ANSWER)
            def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
                """Answer."""
                TestDeclarations.OTHER.write(resp, {"message": "done"})

        with pytest.raises(Undeclared):
            Resource().on_get(falcon.testing.create_req(), falcon.Response())

    def test_a_parameter_that_is_not_declared_is_not_read(self) -> None:
        class Resource:
            @operation(TestDeclarations.ANSWER)
            def on_get(self, req: falcon.Request, _: falcon.Response) -> None:
                """Answer."""
                TestDeclarations.PARAMETER.of(req)

        with pytest.raises(Undeclared):
            Resource().on_get(falcon.testing.create_req(), falcon.Response())


def test_an_answer_of_another_form_than_told_does_not_pass_in_these_tests(
    caller: Caller, house: House
) -> None:
    """Every test here compares answers with the document; this one shows that it would fail."""
    house.failures["list_webhooks"] = NotFound()

    with pytest.raises(AssertionError, match="404 is not in the document"):
        caller.simulate_get("/api/webhooks", headers=BEARER)

    house.failures["list_webhooks"] = InvalidToken("no")
    assert caller.simulate_get("/api/webhooks", headers=BEARER).status_code == 401
    assert TOKEN
