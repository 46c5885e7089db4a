"""Who is asked to come back later, and by what they are known."""

from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import attrs
import pytest
from structlog.testing import capture_logs

from application.errors import QuotaExceeded
from application.limits.limit_requests import RouteGroup
from application.ports.rate_limiter import Limit, Standing
from application.ports.unit_of_work import DatabaseUnavailable
from tests import pictures
from tests.http.house import BEARER, Caller, House, image_part, problem
from tests.http.test_accounts import USER1

MINUTE = timedelta(minutes=1)
BY_ADDRESS = Standing(Limit("address", "a", 10, MINUTE), 4, timedelta(seconds=30.2))
BY_ACCOUNT = Standing(Limit("account", "b", 5, MINUTE), 6, timedelta(seconds=41.5))
PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("method", "path", "group", "is_known"),
    [
        ("POST", "/api/auth/login", RouteGroup.SIGN_IN, False),
        ("POST", "/api/auth/register", RouteGroup.SIGN_IN, False),
        ("POST", "/api/auth/refresh", RouteGroup.SIGN_IN, False),
        ("POST", "/api/auth/password/change", RouteGroup.SIGN_IN, True),
        ("POST", "/api/auth/password/forgot", RouteGroup.SIGN_IN, False),
        ("POST", "/api/auth/password/reset", RouteGroup.SIGN_IN, False),
        ("POST", "/api/auth/verify-email", RouteGroup.SIGN_IN, False),
        ("POST", "/api/auth/verify-email/send", RouteGroup.SIGN_IN, True),
        ("PUT", "/api/users/profile", RouteGroup.SIGN_IN, True),
        ("POST", "/api/images/upload", RouteGroup.UPLOADS, True),
        ("POST", "/api/assets", RouteGroup.UPLOADS, True),
        ("GET", "/api/images", RouteGroup.OTHERS, True),
        ("HEAD", "/api/images", RouteGroup.OTHERS, True),
        ("GET", "/api/operations", RouteGroup.OTHERS, False),
        ("PATCH", "/api/images", RouteGroup.OTHERS, False),
        ("GET", "/files/1/main/a.webp", RouteGroup.OTHERS, False),
    ],
)
def test_each_request_is_counted_once_in_its_group(
    caller: Caller, house: House, method: str, path: str, group: RouteGroup, is_known: bool
) -> None:
    caller.simulate_request(method, path, headers=BEARER)

    [counted] = house.counted
    assert (counted.group, counted.address) == (group, "127.0.0.1")
    assert counted.actor == (house.actor if is_known else None)


def test_a_bad_token_is_counted_by_address(caller: Caller, house: House) -> None:
    caller.simulate_get("/api/images", headers={"Authorization": "Bearer guessed"})

    assert [(one.address, one.actor) for one in house.counted] == [("127.0.0.1", None)]


@pytest.mark.parametrize("path", ["//api/images", "///api/images", "//files/1/main/a.webp"])
def test_a_second_slash_is_no_way_around(caller: Caller, path: str) -> None:
    assert problem(caller.simulate_get(path, headers=BEARER)) == (404, "not-found")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/problems", "/"])
def test_probes_and_pages_are_not_counted(caller: Caller, house: House, path: str) -> None:
    caller.simulate_get(path)

    assert not house.counted


def test_answers_say_how_the_limits_stand(caller: Caller, house: House) -> None:
    house.standings = [BY_ADDRESS]

    headers = caller.simulate_get("/api/images", headers=BEARER).headers

    assert headers["ratelimit-policy"] == '"address";q=10;w=60'
    assert headers["ratelimit"] == '"address";r=6;t=31'


def test_nothing_is_said_where_there_is_no_limit(caller: Caller) -> None:
    headers = caller.simulate_get("/api/images", headers=BEARER).headers

    assert not {"ratelimit", "ratelimit-policy"} & set(headers)


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/images/upload"])
def test_one_too_many_is_refused_before_the_body_is_read(
    caller: Caller, house: House, path: str
) -> None:
    house.standings = [BY_ADDRESS, BY_ACCOUNT]

    answer = caller.simulate_post(path, body=b"x", headers={**BEARER, "Content-Length": "900"})

    assert problem(answer) == (429, "too-many-requests")
    assert answer.headers["retry-after"] == "42"
    assert answer.headers["ratelimit"] == '"address";r=6;t=31, "account";r=0;t=42'
    assert not house.uploads


def test_while_nobody_can_count_everybody_is_let_in(caller: Caller, house: House) -> None:
    house.failures["limit_requests"] = DatabaseUnavailable("gone")

    with capture_logs() as lines:
        answers = (
            caller.simulate_post("/api/auth/register", json=USER1),
            caller.upload(image_part(pictures.small_jpeg())),
        )

    assert [answer.status_code for answer in answers] == [201, 202]
    assert [one["error"] for one in lines if one["event"] == "requests are not counted"] == [
        "database-unavailable: gone"
    ] * 2


def test_usage_is_told_with_the_quotas_that_are_set(caller: Caller) -> None:
    answer = caller.simulate_get("/api/users/me/usage", headers=BEARER)

    assert answer.json == {
        "images": {"used": 3, "quota": None},
        "bytesStored": {"used": 4711, "quota": 10_000},
        "tasksInLastDay": {"used": 5, "quota": None},
    }


@pytest.mark.parametrize("wait", [90, None])
def test_a_quota_says_when_waiting_helps(caller: Caller, house: House, wait: int | None) -> None:
    window = None if wait is None else 86_400
    house.failures["upload_image"] = QuotaExceeded(
        "That is all.", name="tasks", most=5, window_seconds=window, retry_after_seconds=wait
    )
    house.standings = [BY_ADDRESS]

    answer = caller.upload(image_part(pictures.small_jpeg()))

    assert problem(answer) == (429, "quota-exceeded")
    assert answer.headers.get("retry-after") == (None if wait is None else "90")
    counted = ("", "") if wait is None else (";w=86400", ";t=90")
    assert answer.headers["ratelimit-policy"] == f'"address";q=10;w=60, "tasks";q=5{counted[0]}'
    assert answer.headers["ratelimit"] == f'"address";r=6;t=31, "tasks";r=0{counted[1]}'


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("fd00::1", "198.51.100.7", "198.51.100.7"),
        ("", "198.51.100.7", "198.51.100.7"),
    ],
)
def test_only_trusted_proxies_say_where_a_request_comes_from(
    peer: str, forwarded: str | None, address: str
) -> None:
    house = House(trusted_proxies=PROXIES)
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}

    # An empty one of its own accord would be taken for the client's own machine.
    told = {"REMOTE_ADDR": peer}
    Caller(house).simulate_get("/api/operations", headers=headers, extras=told)

    assert [one.address for one in house.counted] == [address]


@pytest.mark.parametrize(
    ("peer", "forwarded", "status"),
    [
        ("127.0.0.1", None, 200),
        ("::ffff:127.0.0.1", None, 200),
        ("", None, 200),  # over a Unix socket
        ("10.0.0.9", "10.1.2.3", 200),  # a proxy speaks for Prometheus
        ("198.51.100.7", None, 404),
        ("198.51.100.7", "127.0.0.1", 404),
        ("10.0.0.9", "198.51.100.7", 404),
        ("10.0.0.9", "127.0.0.1, 198.51.100.7", 404),
    ],
)
def test_figures_are_for_the_house_alone(peer: str, forwarded: str | None, status: int) -> None:
    house = House(trusted_proxies=PROXIES)
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}

    for ask in (Caller(house).simulate_get, Caller(house).simulate_head):
        answer = ask("/metrics", headers=headers, extras={"REMOTE_ADDR": peer})
        assert answer.status_code == status
        assert ("safelight_up" in answer.text) == (status == 200 and ask.__name__ == "simulate_get")


def test_by_default_nobody_is_trusted(caller: Caller, house: House) -> None:
    told: dict[str, Any] = {"X-Forwarded-For": "198.51.100.7", "Forwarded": "for=198.51.100.7"}

    with capture_logs() as lines:
        caller.simulate_get("/api/operations", remote_addr="10.0.0.1", headers=told)

    assert [one.address for one in house.counted] == ["10.0.0.1"]
    assert [one["address"] for one in lines if one["event"] == "request"] == ["10.0.0.1"]


def test_the_line_of_a_request_has_the_address_whole() -> None:
    house = House(trusted_proxies=PROXIES)

    with capture_logs() as lines:
        Caller(house).simulate_get(
            "/healthz", remote_addr="10.0.0.1", headers={"X-Forwarded-For": "2001:db8::7"}
        )

    assert [one["address"] for one in lines if one["event"] == "request"] == ["2001:db8::7"]


def test_a_standing_that_is_over_has_nothing_left() -> None:
    assert (BY_ACCOUNT.left, BY_ACCOUNT.is_over) == (0, True)
    assert not attrs.evolve(BY_ACCOUNT, used=5).is_over
