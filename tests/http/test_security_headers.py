"""Every answer protects whoever reads it: all routes, all methods, all kinds of refusals."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import attrs
import pytest
from falcon import inspect
from falcon.testing import Result as Answer

from application.errors import TooManyRequests
from application.ports.unit_of_work import DatabaseUnavailable
from entrypoints.http.cursor_seal import CursorSeal
from entrypoints.http.pages import POLICY
from tests.builders import an_image
from tests.http.house import BEARER, BOUNDARY, REFRESH_TOKEN, Caller, House, problem

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
TABLE: Final = dict(
    re.findall(
        r"^\| `([A-Za-z-]+)` \| `([^`]+)` \|",
        PAGE.read_text("utf-8").partition("## Headers of every answer")[2].partition("\n## ")[0],
        re.MULTILINE,
    )
)
STRICT_TRANSPORT: Final = "Strict-Transport-Security"
OF_RESULTS: Final = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "private, no-store",
}
FOR_EVERYBODY: Final = {
    "/api/operations": "public, max-age=3600",
    "/api/capabilities": "public, max-age=15",
    "/api/openapi.json": "public, max-age=300",
}
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
NO_METHODS: Final = ("BREW", "PROPFIND", "WEBSOCKET", "get")
LINK: Final = f"/files/{uuid4()}/main/a.webp"
GOOD_LINK: Final = "exp=2000000000&kid=k1&sig=good"
SECRET: Final = "hunter2 of /srv/objects"
LOGIN: Final = {"email": "user1@example.com", "password": "password123"}

pytestmark = pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")


@pytest.fixture(params=["http", "https"])
def caller(request: pytest.FixtureRequest) -> Caller:
    return Caller(House(base_url=f"{request.param}://pictures.example.com"))


def expected(caller: Caller, answer: Answer, path: str) -> dict[str, str]:
    """Return what the table says of *answer*."""
    headers = dict(TABLE)
    if not caller.house.base_url.startswith("https:"):
        del headers[STRICT_TRANSPORT]
    if answer.status_code < 400 and path.startswith("/files/") and "etag" in answer.headers:
        headers |= OF_RESULTS
    if answer.status_code < 300 and path in FOR_EVERYBODY and "allow" not in answer.headers:
        headers["Cache-Control"] = FOR_EVERYBODY[path]
    if answer.headers.get("content-type", "").startswith("text/html"):
        headers["Content-Security-Policy"] = POLICY
        if answer.status_code < 400:
            headers["Cache-Control"] = "public, max-age=300"
    return headers


def check(caller: Caller, answer: Answer, path: str) -> None:
    """Compare the headers of *answer* with the table, and look for what no answer has."""
    wanted = expected(caller, answer, path)

    assert {name: answer.headers.get(name) for name in TABLE} == {**dict.fromkeys(TABLE), **wanted}
    assert re.fullmatch(r"[!-~]{1,128}", answer.headers["x-request-id"])
    assert not {"server", "x-powered-by", "via"} & set(answer.headers)
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    if answer.content:
        assert answer.headers["content-type"]
    if answer.status_code >= 400 and answer.content:
        media_type = answer.headers["content-type"].partition(";")[0]
        assert media_type in ("application/problem+json", "text/html")
        assert "Traceback" not in answer.text and 'File "' not in answer.text


def paths() -> list[str]:
    return sorted({route.path for route in inspect.inspect_app(House().app()).routes})


def test_the_table_has_what_has_to_be_there() -> None:
    assert set(TABLE) == {
        "X-Content-Type-Options",
        "Referrer-Policy",
        "Content-Security-Policy",
        "Cross-Origin-Resource-Policy",
        "Cache-Control",
        STRICT_TRANSPORT,
    }
    for policy in (TABLE["Content-Security-Policy"], POLICY, OF_RESULTS["Content-Security-Policy"]):
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    # A year, as OWASP ASVS 5.0 asks for in 3.4.1.
    assert TABLE[STRICT_TRANSPORT] == f"max-age={timedelta(days=365).total_seconds():.0f}"


def test_all_routes_by_all_methods(caller: Caller) -> None:
    asked = 0
    for route in [*paths(), "/nowhere", "/api/nowhere", "/files/x"]:
        path = re.sub(r"\{\w+\}", str(uuid4()), route)
        for method in (*METHODS, *NO_METHODS):
            for headers in ({}, BEARER, BEARER | {"Accept": "text/html"}, {"Origin": "null"}):
                answer = caller.simulate_request(method, path, headers=headers)
                check(caller, answer, path)
                asked += 1
                if method in ("TRACE", "CONNECT"):
                    assert answer.status_code in (404, 405, 406), (method, path)

    assert asked > 3000


def test_what_is_there_is_protected_too(caller: Caller) -> None:
    for method, headers in (
        ("GET", {}),
        ("HEAD", {}),
        ("GET", {"Range": "bytes=0-9"}),
        ("GET", {"Range": "bytes=999999-"}),
        ("GET", {"If-None-Match": f'"{caller.house.result.sha256}"'}),
    ):
        answer = caller.simulate_request(method, LINK, query_string=GOOD_LINK, headers=headers)
        assert answer.status_code in (200, 206, 304, 416)
        check(caller, answer, LINK)


@attrs.frozen
class Refusal:
    """A request that is refused, with which status, and how the house has to be for that."""

    status: int
    method: str = "GET"
    path: str = "/api/users/profile"
    request: dict[str, Any] = attrs.field(factory=dict)
    failures: dict[str, Exception] = attrs.field(factory=dict)
    headers: dict[str, str] = attrs.field(factory=lambda: BEARER)

    def ask(self, caller: Caller) -> Answer:
        caller.house.failures.update(self.failures)
        headers = self.headers | self.request.get("headers", {})
        request = self.request | {"headers": headers}
        return caller.simulate_request(self.method, self.path, **request)


def too_long() -> dict[str, Any]:
    return {"body": b"{}", "headers": {"Content-Length": "99999999999"}}


FORM: Final = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
REFUSALS: Final = {
    "400 two tokens": Refusal(400, headers={"Authorization": "Bearer a, Bearer b"}),
    "400 broken JSON": Refusal(400, "PUT", request={"body": b"{"}),
    "400 broken form": Refusal(
        400, "POST", "/api/images/upload", {"body": b"--", "headers": FORM}
    ),
    "401": Refusal(401, headers={}),
    "403": Refusal(403, request={"query_string": "userId=somebody"}),
    "403 link": Refusal(403, path=LINK, request={"query_string": "sig=forged"}),
    "404": Refusal(404, path="/nowhere"),
    "404 id": Refusal(404, path=f"/api/images/{uuid4()}/status"),
    "405": Refusal(405, "PATCH"),
    "406": Refusal(406, request={"headers": {"Accept": "text/xml"}}),
    "410 link": Refusal(410, path=LINK, request={"query_string": "exp=1&kid=k1&sig=good"}),
    "411": Refusal(411, "PUT", request={"headers": {"Transfer-Encoding": "chunked"}}),
    "413": Refusal(413, "PUT", request=too_long()),
    "415": Refusal(415, "PUT", request={"body": b"a=b", "headers": {"Content-Type": "text/x"}}),
    "415 encoding": Refusal(415, "PUT", request={"headers": {"Content-Encoding": "gzip"}}),
    "422": Refusal(422, "PUT", request={"json": {"roles": ["admin"]}}),
    "429": Refusal(429, failures={"limit_requests": TooManyRequests("x", retry_after_seconds=3)}),
    "500": Refusal(500, failures={"view_profile": RuntimeError(SECRET)}),
    "503": Refusal(503, failures={"view_profile": DatabaseUnavailable(SECRET)}),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_every_refusal_is_protected(caller: Caller, name: str) -> None:
    refusal = REFUSALS[name]

    answer = refusal.ask(caller)

    assert problem(answer)[0] == refusal.status
    assert SECRET not in answer.text
    check(caller, answer, refusal.path)


class Broken(frozenset[str]):
    """Whoever looks into it falls."""

    def __contains__(self, _: object) -> bool:
        raise RuntimeError(SECRET)


def break_client_address(house: House) -> None:
    house.trusted_proxies = [Broken()]


def break_origins(house: House) -> None:
    house.allowed_origins = Broken(["https://app.example.com"])


def failing(name: str) -> Callable[[House], None]:
    def break_it(house: House) -> None:
        house.failures[name] = RuntimeError(SECRET)

    return break_it


PREFLIGHT: Final = {"Access-Control-Request-Method": "POST", "Origin": "https://app.example.com"}
FAULTS: Final[dict[str, tuple[Callable[[House], None], str, dict[str, str]]]] = {
    "request scope, before": (break_client_address, "POST", {}),
    "request scope, after": (failing("observe_request"), "POST", {}),
    "cross origin, before": (break_origins, "OPTIONS", PREFLIGHT),
    "cross origin, after": (break_origins, "POST", {}),
    "rate limits": (failing("limit_requests"), "POST", {}),
    "the resource": (failing("log_in"), "POST", {}),
}


def middleware() -> Iterator[str]:
    for kind in inspect.inspect_app(House().app()).middleware.middleware_classes:
        yield re.sub(r"(?<!^)(?=[A-Z])", " ", kind.name).lower()


def test_a_fault_is_planted_in_every_middleware() -> None:
    planted = {name.partition(",")[0] for name in FAULTS} - {"the resource"}
    assert set(middleware()) == planted | {"cursor marks"}


@pytest.mark.parametrize("name", FAULTS)
def test_what_breaks_in_between_tells_nothing_and_is_protected(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    break_it, method, headers = FAULTS[name]
    for base_url in ("http://pictures.example.com", "https://pictures.example.com"):
        house = House(base_url=base_url)
        break_it(house)
        caller = Caller(house)

        answer = caller.simulate_request(method, "/api/auth/login", json=LOGIN, headers=headers)

        assert problem(answer) == (500, "internal-error")
        assert SECRET not in answer.text + str(answer.headers)
        assert REFRESH_TOKEN not in answer.text + str(answer.headers), "the sign-in had worked"
        assert int(answer.headers["content-length"]) == len(answer.content)
        check(caller, answer, "/api/auth/login")
    assert SECRET in capsys.readouterr().out


def test_what_breaks_while_a_cursor_is_marked_tells_nothing(
    monkeypatch: pytest.MonkeyPatch, caller: Caller
) -> None:
    images = [an_image(caller.house.user) for _ in range(2)]
    caller.house.images = {image.id: image for image in images}

    def broken(_: CursorSeal, __: str) -> str:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(CursorSeal, "seal", broken)

    answer = caller.simulate_get("/api/images?limit=1", headers=BEARER)

    assert problem(answer) == (500, "internal-error")
    assert SECRET not in answer.text + str(answer.headers)
    assert "link" not in answer.headers
    check(caller, answer, "/api/images")


def test_a_file_that_was_about_to_be_sent_is_not(caller: Caller) -> None:
    failing("observe_request")(caller.house)

    answer = caller.simulate_get(LINK, query_string=GOOD_LINK)

    assert problem(answer) == (500, "internal-error")
    assert not {"etag", "content-disposition", "accept-ranges"} & set(answer.headers)
    assert int(answer.headers["content-length"]) == len(answer.content)
    check(caller, answer, LINK)
