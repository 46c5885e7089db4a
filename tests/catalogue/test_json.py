"""Rows 55 and 56: texts that are no JSON, and JSON that is none of what is asked for."""

from typing import Any
from uuid import uuid4

import pytest

from domain.users.roles import Role
from tests.bad_json import bad_json, good_json
from tests.catalogue.bodies import FORMS, JSON_BODIES, NO_BODY
from tests.catalogue.installation import Installation, Person, Route, refusal
from tests.http.house import image_part, options_part
from tests.pictures import small_jpeg

BAD = bad_json()
NOBODY = str(uuid4())
EXTRA = ("roles", "role", "id", "user_id", "userID", "isAdmin", "is_admin", "admin", "__proto__")


def address(route: Route) -> str:
    return route.at(user_id=NOBODY)


def test_55_there_are_enough() -> None:
    assert len(BAD) >= 190
    assert len({name.partition(":")[0] for name in BAD}) >= 15


def test_55_every_route_that_takes_a_body_is_known(api: Installation) -> None:
    """A new route needs its row in `bodies`, or these tests would pass it by."""
    changing = {one for one in api.routes() if one.method in ("POST", "PUT", "PATCH")}

    assert changing == {*JSON_BODIES, *FORMS, *NO_BODY} - {
        Route("GET", "/api/users/profile"),
        Route("DELETE", "/api/users/me"),
    }


@pytest.mark.parametrize("route", JSON_BODIES, ids=str)
def test_55_what_is_no_json_is_refused_on_every_route(
    api: Installation, root: Person, route: Route
) -> None:
    wrong = {}
    for name, text in BAD.items():
        answer = api.send_json(route.method, address(route), text, root)
        if refusal(answer) != (400, "malformed-json"):
            wrong[name] = answer.text

    assert wrong == {}


def test_55_what_is_no_json_is_refused_in_a_form(api: Installation, ada: Person) -> None:
    """What begins with a letter is in the URL form there, and blank text asks for nothing."""
    picture = image_part(small_jpeg())
    texts = {name: text for name, text in BAD.items() if not text[:1].isalpha() and text.strip()}
    wrong = {}
    for name, text in texts.items():
        answer = api.send_form("/api/images/upload", [picture, options_part(text)], ada)
        if refusal(answer) != (400, "malformed-json"):
            wrong[name] = answer.text

    assert len(texts) >= 190
    assert wrong == {}


@pytest.mark.parametrize("route", JSON_BODIES, ids=str)
def test_55_what_is_json_is_read_on_every_route(
    api: Installation, root: Person, route: Route
) -> None:
    """None of it is what the route asks for, and all of it is told so by the name of a member."""
    for name, text in good_json().items():
        answer = api.send_json(route.method, address(route), text, root)

        assert refusal(answer) == (422, "unknown-member"), name


@pytest.mark.parametrize("route", JSON_BODIES, ids=str)
def test_56_a_body_of_another_kind_is_refused(
    api: Installation, root: Person, route: Route
) -> None:
    good = JSON_BODIES[route]
    others: list[Any] = [[], [good], "text", "", 1, 1.5, True, False, None, [[good]]]
    for body in others:
        answer = api.send_json(route.method, address(route), body, root)

        assert refusal(answer) == (422, "invalid-parameter"), body
        assert answer.json["pointer"] == ""


@pytest.mark.parametrize("route", JSON_BODIES, ids=str)
def test_56_a_member_too_many_is_refused(api: Installation, root: Person, route: Route) -> None:
    for name in EXTRA:
        if name in JSON_BODIES[route]:
            continue
        for value in ("admin", ["admin"], 1, True, None, {}):
            body = JSON_BODIES[route] | {name: value}
            if name == "roles" and route.method == "PATCH":  # which is what it is for
                continue
            answer = api.send_json(route.method, address(route), body, root)

            assert refusal(answer) == (422, "unknown-member"), body
            assert answer.json["pointer"] == f"/{name}"


def test_56_nothing_is_assigned(api: Installation) -> None:
    """Neither by what comes with a registration nor by what comes with a change."""
    more = {"roles": ["admin"], "id": NOBODY, "user_id": NOBODY}
    newcomer = JSON_BODIES[Route("POST", "/api/auth/register")] | {"email": "eve@example.com"}
    api.send_json("POST", "/api/auth/register", newcomer | more)
    pair = {"email": "eve@example.com", "password": "password123"}
    assert refusal(api.send_json("POST", "/api/auth/login", pair)) == (401, "wrong-credentials")

    eve = api.sign_up("eve")
    for name, value in more.items():
        changes = {"username": "mallory", name: value}
        refusal(api.send_json("PUT", "/api/users/profile", changes, eve))
    refusal(api.send_json("PATCH", f"/api/admin/users/{eve.user_id}", {"roles": ["admin"]}, eve))

    shown = api.send("GET", "/api/users/profile", eve).json
    assert shown == {"username": "eve", "email": eve.email, "roles": ["user"]}
    assert api.roles_of(eve) == {Role.USER}
