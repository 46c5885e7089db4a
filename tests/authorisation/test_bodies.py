"""
Nobody gives themselves more than a body may hold.

Every body that a door takes is sent with members that it does not know, in every object of it: those
by which somebody could be more than they are, and those by which tables call things.
"""

import copy
from collections.abc import Iterator
from typing import Any, Final

import attrs
import pytest

from domain.users.roles import Role
from tests.authorisation.doors import SPECIAL, Asking, request_of
from tests.authorisation.estate import Estate, Request, Things, a_picture, keep, upload

AN_ID: Final = "00000000-0000-4000-8000-000000000000"
EXTRA: Final[dict[str, Any]] = {
    "roles": ["admin"],
    "role": "admin",
    "isAdmin": True,
    "is_admin": True,
    "permissions": ["manage users"],
    "id": AN_ID,
    "userId": AN_ID,
    "user_id": AN_ID,
    "ownerId": AN_ID,
    "passwordHash": "!",
    "password_hash": "!",
    "disabledAt": None,
    "disabled_at": None,
    "emailVerifiedAt": "2026-01-01T00:00:00Z",
    "email_verified_at": "2026-01-01T00:00:00Z",
    "created_at": "2026-01-01T00:00:00Z",
    "secret_sha256": "0" * 64,
    "__class__": "User",
    "": "nameless",
}
"""What no body of any door knows; and of what one does know, the spelling that tables have."""
KNOWN: Final = {
    ("PATCH /api/admin/users/{user_id}", "roles"),
    ("GET /api/users/profile", "userId"),
}
"""But for these two doors, which are about just that."""
LOGOUT: Final = "POST /api/auth/logout"
FORMS: Final = ("POST /api/images/upload", "POST /api/assets")
BODILESS: Final = (
    "DELETE /api/auth/sessions",
    "DELETE /api/auth/sessions/{session_id}",
    "POST /api/auth/verify-email/send",
    "DELETE /api/presets/{name}",
    "DELETE /api/images/{image_id}",
    "POST /api/tasks/{task_id}/cancel",
    "POST /api/tasks/{task_id}/retry",
    "DELETE /api/assets/{name}",
    "DELETE /api/webhooks/{webhook_id}",
    "DELETE /api/api-keys/{key_id}",
    "DELETE /api/auth/identities/{identity_id}",
    "DELETE /api/admin/users/{user_id}",
    "POST /api/admin/tasks/{task_id}/requeue",
    "POST /api/admin/tasks/{task_id}/drop",
)
"""Doors that do not read a body."""


def doors_with_json() -> list[str]:
    """Return the rows of the matrix whose requests have a body of JSON."""
    nobody = Things("ada", "ada@example.com", AN_ID, link="/files/1/main/a?sig=1")
    asking = Asking(nobody, nobody)
    named = [name for name in SPECIAL if isinstance(request_of(name, asking).body, dict)]
    return [*named, LOGOUT, "GET /api/users/profile"]


@attrs.frozen
class Admin:
    """An administrator with one of everything, so that nothing is refused for who asks."""

    things: Things
    token: str

    def request(self, name: str) -> Request:
        request = request_of(name, Asking(self.things, self.things))
        bodies = {LOGOUT: {"token": self.token}, "GET /api/users/profile": {"userId": "ada"}}
        return attrs.evolve(request, body=bodies.get(name, request.body))


@pytest.fixture(scope="module")
def admin(estate: Estate) -> Admin:
    estate.a_newcomer("rosa", Role.ADMIN)
    ada = estate.a_person("ada", Role.ADMIN)
    house = {"name": "house", "processingOptions": {"resize": "8x8"}, "shared": True}
    estate.done(Request("POST", "/api/presets", body=house), ada.token)
    estate.remember()
    return Admin(ada.things, ada.token)


def objects_in(document: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of each object in *document*, the outermost first."""
    if isinstance(document, dict):
        yield place
        for name, value in document.items():
            yield from objects_in(value, (*place, name))


def with_member(document: Any, place: tuple[Any, ...], name: str, value: Any) -> Any:
    """Return *document* with one member more in the object at *place*."""
    inner = whole = copy.deepcopy(document)
    for step in place:
        inner = inner[step]
    inner[name] = value
    return whole


def test_no_door_is_left_out(estate: Estate) -> None:
    changing = {" ".join(door) for door in estate.doors() if door[0] != "GET"}

    assert changing - set(doors_with_json()) == {*BODILESS, *FORMS}


@pytest.mark.parametrize("name", doors_with_json())
def test_56_a_member_that_nobody_knows_is_refused_and_assigns_nothing(
    estate: Estate, admin: Admin, name: str
) -> None:
    request, wrong = admin.request(name), []
    places = list(objects_in(request.body))
    assert places
    for place in places:
        for extra, value in EXTRA.items():
            if (name, extra) in KNOWN:
                continue
            body = with_member(request.body, place, extra, value)
            answer = estate.ask(attrs.evolve(request, body=body), admin.token)
            code = answer.json.get("code") if answer.content else None
            if (answer.status_code, code) != (422, "unknown-member"):
                wrong.append((place, extra, answer.status_code, code))
            elif not answer.json["pointer"].endswith(f"/{extra}"):
                wrong.append((place, extra, answer.json["pointer"]))
            if changes := estate.changes():
                wrong.append((place, extra, changes))
                estate.restore()

    assert wrong == []


@pytest.mark.parametrize("name", doors_with_json())
@pytest.mark.parametrize("body", [[], "admin", 7, True, [{"roles": ["admin"]}]], ids=repr)
def test_56_what_is_no_object_is_refused(
    estate: Estate, admin: Admin, name: str, body: Any
) -> None:
    answer = estate.ask(attrs.evolve(admin.request(name), body=body), admin.token)

    assert (answer.status_code, answer.json["code"]) == (422, "invalid-parameter")
    assert estate.changes() == []


@pytest.mark.parametrize("request_", [upload(a_picture()), keep(a_picture(), "fresh")], ids=FORMS)
def test_a_part_that_nobody_knows_is_refused(
    estate: Estate, admin: Admin, request_: Request
) -> None:
    for name in ("roles", "userId", "user_id", "id", "createdAt"):
        for file_name in (None, "roles.json"):
            parts = [*request_.parts, (name, file_name, b'["admin"]')]
            answer = estate.ask(attrs.evolve(request_, parts=parts), admin.token)

            assert (answer.status_code, answer.json["code"]) == (422, "unexpected-part")
            assert estate.changes() == []


@pytest.mark.parametrize("name", BODILESS)
def test_a_door_that_takes_no_body_does_what_it_does_without_one(
    estate: Estate, admin: Admin, name: str
) -> None:
    request = admin.request(name)
    did = []
    for body in (None, EXTRA):
        answer = estate.ask(attrs.evolve(request, body=body), admin.token)
        did.append((answer.status_code, estate.changes()))
        estate.restore()

    assert did[0] == did[1]
    assert "users" not in did[0][1]
