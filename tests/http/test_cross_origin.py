"""Scripts on pages of other origins."""

from typing import Any

import pytest
from falcon import inspect

from tests.http.house import BEARER, Caller, House

APP = "https://app.example.com"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x"}
STRANGERS = ["https://evil.example.com", "null", "*", f"{APP}.evil.example.com", f"{APP}:444", ""]


@pytest.fixture
def caller() -> Caller:
    return Caller(House(allowed_origins=[APP]))


def told(answer: Any) -> dict[str, str]:
    return {k: v for k, v in answer.headers.items() if k.startswith("access-control-")}


def test_by_default_no_page_may_do_anything() -> None:
    caller = Caller(House())

    for method, more in (("OPTIONS", PREFLIGHT), ("GET", {})):
        answer = caller.simulate_request(
            method, "/api/images", headers=BEARER | more | {"Origin": APP}
        )
        assert not told(answer)


def test_an_allowed_page_may_ask_first_and_needs_no_token_for_that(caller: Caller) -> None:
    answer = caller.simulate_options("/api/images/upload", headers=PREFLIGHT | {"Origin": APP})

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == APP
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["vary"] == "Origin"
    assert not caller.house.counted


def test_an_allowed_page_reads_answers_and_refusals(caller: Caller) -> None:
    for headers, status in ((BEARER, 200), ({}, 401)):
        answer = caller.simulate_get("/api/images", headers=headers | {"Origin": APP})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == APP
        may_read = answer.headers["access-control-expose-headers"].split(", ")
        assert {"RateLimit", "X-Refresh-Token"} <= set(may_read)


@pytest.mark.parametrize("origin", STRANGERS)
def test_no_other_page_is_told_anything(caller: Caller, origin: str) -> None:
    for method, more in (("OPTIONS", PREFLIGHT), ("GET", {})):
        answer = caller.simulate_request(
            method, "/api/images", headers=BEARER | more | {"Origin": origin}
        )
        assert not told(answer)
        assert "Origin" in answer.headers["vary"]


def test_no_route_answers_a_stranger(caller: Caller) -> None:
    paths = {route.path for route in inspect.inspect_app(caller.house.app()).routes}
    for path in sorted(paths):
        for origin in STRANGERS:
            for method, more in (("OPTIONS", PREFLIGHT), ("GET", {}), ("POST", {}), ("PUT", {})):
                answer = caller.simulate_request(method, path, headers=more | {"Origin": origin})
                assert not told(answer), (method, path, origin)


def test_credentials_are_never_allowed_nor_is_everybody(caller: Caller) -> None:
    for method, more in (("OPTIONS", PREFLIGHT), ("GET", {})):
        headers = told(
            caller.simulate_request(method, "/api/images", headers=BEARER | more | {"Origin": APP})
        )
        assert "access-control-allow-credentials" not in headers
        assert "*" not in headers.values()


def test_figures_are_for_no_page(caller: Caller) -> None:
    assert not told(caller.simulate_get("/metrics", headers={"Origin": APP}))
