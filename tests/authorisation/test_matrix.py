"""
The table in docs/authorisation.md: every route, asked by everybody, is answered as it says.

Each cell is a request to the whole application. Those that are refused have changed nothing, and
what belongs to somebody else is answered as what does not exist.
"""

import re
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from falcon.testing import Result as Answer

from domain.notifications.letter import LetterKind
from domain.users.roles import PERMISSIONS, Permission, Role
from domain.users.scopes import Scope
from entrypoints.http.route_scopes import ROUTE_SCOPES
from tests.authorisation.estate import NEW_PASSWORD, PASSWORD, Estate, Person, Request, keep
from tests.authorisation.estate import a_picture as a_logo
from tests.authorisation.doors import SPECIAL, Asking, has_an_id, request_of

PAGE: Final = Path(__file__).parents[2] / "docs" / "authorisation.md"
TEXT: Final = PAGE.read_text("utf-8")
COLUMNS: Final = (
    "nobody",
    "owner",
    "other",
    "admin",
    "disabled",
    "signed out",
    "expired",
    "refresh",
    "old password",
    "key without",
    "key with",
)
NOTED: Final = {"POST /api/auth/login": "audit_entries"}
"""What a refusal leaves, because somebody may want to know of it later."""
ANYBODY, SESSION = "anybody", "sign-in"


@attrs.frozen
class Row:
    """A row of the table: what opens the door, and the status for each column."""

    name: str
    opens: str
    statuses: dict[str, int]

    @property
    def route(self) -> tuple[str, str]:
        method, path = self.name.split()[:2]
        return method, path


def rows() -> dict[str, Row]:
    found = {}
    cells = r" \| ".join([r"(\d{3})"] * len(COLUMNS))
    pattern = rf"^\| `([A-Z]+ \S+?)`( [a-z ]+)? \| ([a-z:-]+) \| {cells} \|$"
    for name, more, opens, *statuses in re.findall(pattern, TEXT, re.MULTILINE):
        row = Row(name + more, opens, dict(zip(COLUMNS, map(int, statuses), strict=True)))
        assert row.name not in found, f"{row.name} stands there twice"
        found[row.name] = row
    return found


ROWS: Final = rows()


@attrs.frozen
class Cast:
    """
    Who asks in each column, and of whose things.

    `owner`, `other` and `admin` ask for Olga's things. In all other columns but the first somebody
    asks for their own, who is an administrator: nothing but what they show decides.
    """

    olga: Person
    otto: Person
    ada: Person
    dora: Person
    tokens: dict[str, str | None]
    keys: dict[str, str]
    erasure_id: str

    def asking(self, column: str) -> Asking:
        owner = {"disabled": self.dora}.get(column, self.ada)
        if column in COLUMNS[:4]:
            owner = self.olga
        own = {"owner": self.olga, "other": self.otto, "admin": self.ada}.get(column, owner)
        return Asking(owner.things, own.things, self.erasure_id)

    def token(self, column: str, opens: str) -> str | None:
        if not column.startswith("key"):
            return self.tokens[column]
        scope = opens if opens in {scope.value for scope in Scope} else "none"
        return self.keys[f"{column} {scope}"]


@pytest.fixture(scope="module")
def cast(estate: Estate) -> Cast:
    shared = estate.a_newcomer("rosa", Role.ADMIN)
    options = {"name": "house", "processingOptions": {"resize": "8x8"}, "shared": True}
    estate.done(Request("POST", "/api/presets", body=options), shared.token)
    estate.done(keep(a_logo(), "house", shared=True), shared.token)
    olga, otto = estate.a_person("olga"), estate.a_person("otto")
    ada = estate.a_person("ada", Role.ADMIN)
    dora = estate.a_person("dora", Role.ADMIN)

    old_password, _ = estate.sign_in(ada.things.email)
    body = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}
    estate.done(Request("POST", "/api/auth/password/change", body=body), ada.token)
    ada.things.password = NEW_PASSWORD
    signed_out, _ = estate.sign_in(ada.things.email, NEW_PASSWORD)
    estate.done(Request("POST", "/api/auth/logout"), signed_out)
    # With the old password went what was mailed, and the session of the token beside it.
    ada.things.reset_token = estate.a_mailed_token(LetterKind.PASSWORD_RESET, ada.things)
    _, ada.things.refresh_token = estate.sign_in(ada.things.email, NEW_PASSWORD)
    sessions = estate.done(Request("GET", "/api/auth/sessions"), ada.token)["sessions"]
    ada.things.session_id = next(one["id"] for one in sessions if not one["current"])
    keys = {"key with none": estate.a_key(ada.token, *Scope)[1]}
    keys["key without none"] = estate.a_key(ada.token, Scope.WEBHOOKS_WRITE)[1]
    for scope in Scope:
        keys[f"key with {scope.value}"] = estate.a_key(ada.token, scope)[1]
        others = [other for other in Scope if other is not scope]
        keys[f"key without {scope.value}"] = estate.a_key(ada.token, *others)[1]
    estate.done(
        Request("PATCH", f"/api/admin/users/{dora.things.user_id}", body={"disabled": True}),
        ada.token,
    )
    tokens = {
        "nobody": None,
        "owner": olga.token,
        "other": otto.token,
        "admin": ada.token,
        "disabled": dora.token,
        "signed out": signed_out,
        "expired": estate.an_expired_token(ada),
        "refresh": ada.things.refresh_token,
        "old password": old_password,
    }
    cast = Cast(olga, otto, ada, dora, tokens, keys, estate.an_erasure())
    estate.remember()
    return cast


def test_each_route_has_a_row_and_each_row_a_route(estate: Estate) -> None:
    assert {row.route for row in ROWS.values()} == estate.doors()


def test_no_line_of_the_table_is_left_out() -> None:
    lines = [line for line in TEXT.splitlines() if re.match(r"\| `[A-Z]+ /", line)]

    assert len(lines) == len(ROWS) > 70
    assert set(SPECIAL) <= set(ROWS), "asked at no door"


def test_what_opens_a_door_is_what_the_code_says() -> None:
    told = {row.route: row.opens for row in ROWS.values() if row.opens != ANYBODY}

    asked = {route: scope.value if scope else SESSION for route, scope in ROUTE_SCOPES.items()}
    assert told == asked | {("POST", "/api/auth/logout"): SESSION}


def test_roles_carry_what_the_page_says() -> None:
    found = re.findall(r"^\| ([a-z ]+) \| (yes|no) \| (yes|no) \| .+ \|$", TEXT, re.MULTILINE)

    carried = {
        permission: {role for role, cell in zip(Role, cells, strict=True) if cell == "yes"}
        for permission, *cells in found
    }
    assert carried == {
        permission.value: {role for role in Role if permission in PERMISSIONS[role]}
        for permission in Permission
    }


@pytest.mark.parametrize("name", ROWS)
def test_everybody_is_answered_as_the_table_says(estate: Estate, cast: Cast, name: str) -> None:
    row, wrong = ROWS[name], []
    methods = ("GET", "HEAD") if row.route[0] == "GET" else (row.route[0],)
    for column, status in row.statuses.items():
        for method in methods:
            request = attrs.evolve(request_of(name, cast.asking(column)), method=method)
            answer = estate.ask(request, cast.token(column, row.opens))
            changes = estate.changes()
            if answer.status_code != status:
                wrong.append(f"{method}, {column}: {answer.status_code}, not {status}")
            if answer.status_code >= 400 and [it for it in changes if it != NOTED.get(name)]:
                wrong.append(f"{method}, {column}: refused, and changed {changes}")
            if changes:
                estate.restore()

    assert wrong == []


def test_what_changes_something_does_so(estate: Estate, cast: Cast) -> None:
    """Or the test above would see no change whatever happened."""
    request = request_of("DELETE /api/webhooks/{webhook_id}", cast.asking("owner"))
    estate.done(request, cast.olga.token)
    assert estate.changes() == ["webhooks"]
    estate.restore()

    request = request_of("DELETE /api/assets/{name}", cast.asking("owner"))
    estate.done(request, cast.olga.token)
    table, file = estate.changes()
    assert (table, len(file)) == ("assets", len(cast.olga.things.image_id + "/0"))
    estate.restore()
    assert estate.changes() == []


def told(answer: Answer, things: Any) -> tuple[int, str, dict[str, str]]:
    """Return all of *answer* that may differ, with the names of *things* made one."""
    text = re.sub(r'"requestId":"[^"]+"', "", answer.text)
    for value in (things.preset, things.asset):
        text = text.replace(value, "…")
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, text, headers


@pytest.mark.parametrize("name", [name for name in ROWS if has_an_id(name)])
def test_what_is_somebody_elses_is_answered_as_what_is_not_there(
    estate: Estate, cast: Cast, name: str
) -> None:
    compared = 0
    for column in ("other", "admin"):
        row, asking = ROWS[name], cast.asking(column)
        token = cast.token(column, row.opens)
        if row.statuses[column] != 404:
            continue
        nobodys = attrs.evolve(asking, things=asking.things.like_these())
        method = row.route[0]
        for asked in (method, "HEAD") if method == "GET" else (method,):
            theirs, none = (
                told(
                    estate.ask(attrs.evolve(request_of(name, who), method=asked), token),
                    who.things,
                )
                for who in (asking, nobodys)
            )
            assert theirs == none
            assert theirs[0] == 404
            compared += 1

    assert compared or 404 not in ROWS[name].statuses.values()


def test_somebody_elses_id_is_refused_at_every_door_that_takes_one() -> None:
    """What has an id of its owner's in it is 404 for everybody else, but for what says why."""
    open_to_others = {
        name
        for name, row in ROWS.items()
        if has_an_id(name) and row.statuses["other"] != 404 and row.opens != ANYBODY
    }

    assert {name for name in open_to_others if not name.split()[1].startswith("/api/admin/")} == {
        "GET /api/users/profile of somebody",  # 403: names are no secret, profiles are
        "GET /api/presets/{name} shared",
        "PUT /api/presets/{name} shared",
        "DELETE /api/presets/{name} shared",
        "GET /api/assets/{name} shared",
        "DELETE /api/assets/{name} shared",
    }


@pytest.mark.parametrize("column", ["other", "admin"])
def test_lists_show_nothing_of_others(estate: Estate, cast: Cast, column: str) -> None:
    shown = 0
    for name, row in ROWS.items():
        method, path = row.route
        if method != "GET" or "{" in path or path.startswith("/api/admin/") or " " in name[4:]:
            continue
        answer = estate.ask(request_of(name, cast.asking(column)), cast.token(column, row.opens))
        assert [mark for mark in cast.olga.things.marks if mark in answer.text] == [], name
        own = cast.asking(column).own
        shown += any(mark in answer.text for mark in own.marks)

    estate.restore()
    assert shown >= 9, "they see what is theirs"
