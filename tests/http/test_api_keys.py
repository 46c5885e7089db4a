"""API keys: the routes that manage them, and what each scope opens."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import pytest
from falcon import inspect

from application.errors import TooManyAPIKeys
from application.ports.access_tokens import InvalidToken
from domain.users.roles import Role
from domain.users.scopes import Scope
from entrypoints.http.route_scopes import ROUTE_SCOPES
from tests.builders import NOON, an_api_key
from tests.http.house import BEARER, TOKEN, Caller, House, problem

KEYS = "/api/api-keys"
PAGE = Path(__file__).parents[2] / "docs" / "api.md"
SIGNING_OUT = ("POST", "/api/auth/logout")
"""It takes a token and does not ask whose it is: it ends the session that the token names."""


def routes() -> Iterator[tuple[str, str]]:
    for route in inspect.inspect_app(House().app()).routes:
        for method in route.methods:
            if not method.internal and method.method != "HEAD":
                yield method.method, route.path


def ask(caller: Caller, route: tuple[str, str], **request: Any) -> Any:
    method, path = route
    return caller.simulate_request(method, re.sub(r"\{\w+\}", str(uuid4()), path), **request)


def takes_a_token(route: tuple[str, str]) -> bool:
    return route != SIGNING_OUT and ask(Caller(House()), route).status_code == 401


AUTHENTICATED = [route for route in routes() if takes_a_token(route)]


def with_a_key(house: House, *scopes: Scope) -> None:
    """Let the token be an API key's."""
    house.actor = attrs.evolve(house.actor, scopes=frozenset(scopes), key_id=uuid4())


class TestRoutesAndScopes:
    def test_each_route_that_takes_a_token_has_its_row_and_no_other_has(self) -> None:
        assert set(ROUTE_SCOPES) == set(AUTHENTICATED)

    def test_each_scope_opens_something(self) -> None:
        assert set(ROUTE_SCOPES.values()) - {None} == set(Scope)

    @pytest.mark.parametrize("route", AUTHENTICATED, ids=" ".join)
    def test_a_key_without_the_scope_is_refused_and_told_why(
        self, caller: Caller, house: House, route: tuple[str, str]
    ) -> None:
        scope = ROUTE_SCOPES[route]
        with_a_key(house, *(other for other in Scope if other is not scope))

        answer = ask(caller, route, headers=BEARER)

        assert problem(answer) == (403, "insufficient-scope")
        challenge = answer.headers["www-authenticate"]
        assert challenge.startswith('Bearer realm="safelight", error="insufficient_scope"')
        wanted = re.search(r'scope="([^"]+)"', challenge)
        assert (wanted and wanted[1]) == (scope and scope.value)
        assert (scope.value if scope else "sign in") in answer.json["detail"]

    @pytest.mark.parametrize("route", AUTHENTICATED, ids=" ".join)
    def test_the_scope_alone_opens_it(
        self, caller: Caller, house: House, route: tuple[str, str]
    ) -> None:
        scope = ROUTE_SCOPES[route]
        if scope is not None:
            with_a_key(house, scope)
        else:
            house.actor = attrs.evolve(house.actor, roles=frozenset(Role))

        assert ask(caller, route, headers=BEARER).status_code not in (401, 403)

    def test_heads_are_opened_like_their_bodies(self, caller: Caller, house: House) -> None:
        for scope, status in ((Scope.IMAGES_READ, 200), (Scope.IMAGES_WRITE, 403)):
            with_a_key(house, scope)
            assert caller.simulate_head("/api/images", headers=BEARER).status_code == status

    def test_nobody_signs_out_by_a_key(self, caller: Caller, house: House) -> None:
        house.failures["log_out"] = InvalidToken("No session has this token.")

        for request in ({"headers": BEARER}, {"json": {"token": TOKEN}}):
            answer = ask(caller, SIGNING_OUT, **request)
            assert problem(answer) == (401, "invalid-token")

    def test_the_page_has_the_same_table(self) -> None:
        rows = re.findall(r"^\| `(\w+:\w+)` \| (.+) \|$", PAGE.read_text(), re.MULTILINE)

        told = {
            (method, path): scope
            for scope, opens in rows
            for method, path in re.findall(r"`([A-Z]+) (\S+?)`", opens)
        }
        assert told == {route: scope.value for route, scope in ROUTE_SCOPES.items() if scope}


class TestAPIKeys:
    def test_a_key_is_shown_with_its_token(self, caller: Caller, house: House) -> None:
        body = {
            "name": "nightly import",
            "scopes": ["images:write", "images:read"],
            "presets": ["hero@2", "card"],
            "expiresInDays": 30,
        }

        answer = caller.simulate_post(KEYS, json=body, headers=BEARER)

        [key] = house.api_keys.values()
        assert answer.status_code == 201
        assert answer.headers["location"] == f"{KEYS}/{key.id}"
        assert answer.headers["cache-control"] == "no-store"
        assert "idempotent-replayed" not in answer.headers
        assert answer.json == {
            "id": str(key.id),
            "name": "nightly import",
            "scopes": ["images:read", "images:write"],
            "presets": ["card", "hero@2"],
            "createdAt": "2026-03-14T12:00:00.000Z",
            "expiresAt": "2026-04-13T12:00:00.000Z",
            "lastUsedAt": None,
            "revokedAt": None,
            "token": "sl_shown_once",
        }

    @pytest.mark.parametrize(
        ("body", "days"), [({}, 90), ({"expiresInDays": None}, None), ({"expiresInDays": 366}, 366)]
    )
    def test_it_expires_unless_it_is_not_to(
        self, caller: Caller, house: House, body: dict[str, Any], days: int | None
    ) -> None:
        body = {"name": "x", "scopes": ["images:read"]} | body

        assert caller.simulate_post(KEYS, json=body, headers=BEARER).status_code == 201

        [request] = house.key_requests
        assert request.lifetime_days == days and request.presets is None

    def test_the_list_shows_no_secret(self, caller: Caller, house: House) -> None:
        key = an_api_key(house.user, last_used_at=NOON, revoked_at=NOON, expires_at=None)
        house.api_keys[key.id] = key

        answer = caller.simulate_get(KEYS, headers=BEARER)

        assert answer.headers["cache-control"] == "no-store"
        [shown] = answer.json["apiKeys"]
        assert shown == {
            "id": str(key.id),
            "name": "nightly import",
            "scopes": [scope.value for scope in Scope],
            "presets": None,
            "createdAt": "2026-03-14T12:00:00.000Z",
            "expiresAt": None,
            "lastUsedAt": "2026-03-14T12:00:00.000Z",
            "revokedAt": "2026-03-14T12:00:00.000Z",
        }

    @pytest.mark.parametrize(
        ("changes", "code", "pointer"),
        [
            ({"name": ""}, "invalid-parameter", "/name"),
            ({"name": 7}, "invalid-parameter", "/name"),
            ({"scopes": []}, "invalid-parameter", "/scopes"),
            ({"scopes": "images:read"}, "invalid-parameter", "/scopes"),
            ({"scopes": None}, "invalid-parameter", "/scopes"),
            ({"scopes": {"images:read": 1}}, "invalid-parameter", "/scopes"),
            ({"scopes": ["images:read", "admin"]}, "invalid-parameter", "/scopes/1"),
            ({"scopes": [["images:read"]]}, "invalid-parameter", "/scopes/0"),
            ({"presets": []}, "invalid-parameter", "/presets"),
            ({"presets": "card"}, "invalid-parameter", "/presets"),
            ({"presets": ["card", 3]}, "invalid-parameter", "/presets/1"),
            ({"presets": ["card", "a b"]}, "invalid-parameter", "/presets/1"),
            ({"expiresInDays": 0}, "invalid-parameter", "/expiresInDays"),
            ({"expiresInDays": 367}, "invalid-parameter", "/expiresInDays"),
            ({"expiresInDays": 1.5}, "invalid-parameter", "/expiresInDays"),
            ({"expiresInDays": "30"}, "invalid-parameter", "/expiresInDays"),
            ({"expiresInDays": True}, "invalid-parameter", "/expiresInDays"),
            ({"expiresAt": "2027-01-01"}, "unknown-member", "/expiresAt"),
        ],
    )
    def test_bodies_are_read_strictly(
        self, caller: Caller, house: House, changes: dict[str, Any], code: str, pointer: str
    ) -> None:
        body = {"name": "x", "scopes": ["images:read"]} | changes

        answer = caller.simulate_post(KEYS, json=body, headers=BEARER)

        assert problem(answer) == (422, code)
        assert answer.json["pointer"] == pointer
        assert house.api_keys == {}

    def test_a_misspelled_scope_is_told_which_there_are(self, caller: Caller) -> None:
        body = {"name": "x", "scopes": ["image:read"]}

        answer = caller.simulate_post(KEYS, json=body, headers=BEARER)

        assert all(scope.value in answer.json["detail"] for scope in Scope)

    def test_a_replay_says_so_and_has_no_token(self, caller: Caller, house: House) -> None:
        house.replaying = True
        body = {"name": "x", "scopes": ["images:read"]}

        answer = caller.simulate_post(KEYS, json=body, headers={**BEARER, "Idempotency-Key": "k1"})

        assert answer.status_code == 201
        assert answer.headers["idempotent-replayed"] == "true"
        assert answer.json["token"] is None

    def test_two_requests_differ_by_all_that_they_ask_for(
        self, caller: Caller, house: House
    ) -> None:
        first = {"name": "x", "scopes": ["images:read", "images:write"]}
        same = first | {"scopes": ["images:write", "images:read"], "expiresInDays": 90}
        others = [
            {"name": "y"},
            {"scopes": ["images:read"]},
            {"presets": ["card"]},
            {"expiresInDays": None},
        ]
        for body in (first, same, *(first | other for other in others)):
            caller.simulate_post(KEYS, json=body, headers={**BEARER, "Idempotency-Key": "k1"})

        prints = [one.idempotency and one.idempotency.fingerprint for one in house.key_requests]
        assert prints[0] == prints[1] and len(set(prints)) == 1 + len(others)

    def test_72_there_are_so_many_and_no_more(self, caller: Caller, house: House) -> None:
        house.failures["create_api_key"] = TooManyAPIKeys("An account may have 20 API keys.")
        body = {"name": "x", "scopes": ["images:read"]}

        answer = caller.simulate_post(KEYS, json=body, headers=BEARER)

        assert problem(answer) == (422, "too-many-api-keys")

    def test_a_key_is_revoked(self, caller: Caller, house: House) -> None:
        key = an_api_key(house.user)
        house.api_keys[key.id] = key

        answer = caller.simulate_delete(f"{KEYS}/{key.id}", headers=BEARER)

        assert (answer.status_code, answer.content) == (204, b"")
        assert house.api_keys[key.id].revoked_at == NOON
        for unknown in (uuid4(), "x", str(key.id).upper(), "%00"):
            answer = caller.simulate_delete(f"{KEYS}/{unknown}", headers=BEARER)
            assert problem(answer) == (404, "not-found")

    def test_the_log_names_the_key_and_not_its_token(
        self, caller: Caller, house: House, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with_a_key(house, Scope.IMAGES_READ)

        caller.simulate_get("/api/images", headers=BEARER)
        caller.simulate_get("/api/webhooks", headers=BEARER)

        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 2
        for line in lines:
            assert f"key_id={house.actor.key_id}" in line and str(house.user.id) in line
            assert TOKEN not in line
