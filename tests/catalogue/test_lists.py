"""Row 68: pages that are too short or too long, and cursors that nobody was given."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.catalogue.installation import Installation, Person, Route, refusal
from tests.http.house import image_part
from tests.pictures import small_jpeg

LISTS = (
    "/api/images", "/api/users/me/tasks", "/api/presets", "/api/presets/card/versions", "/api/assets",
    "/api/admin/users", "/api/admin/audit", "/api/admin/tasks?status=queued", "/api/admin/logs",
)  # fmt: skip
"""Lists that have more than one entry here; logs have none, and so no cursor, but take one."""


@pytest.fixture(scope="module")
def full(api: Installation, root: Person) -> Iterator[Person]:
    """An administrator, whose lists hold two of each thing at least; and so do another's."""
    other = api.make_admin("hopper")
    for who in (root, other):
        for number in (1, 2):
            api.send_form("/api/images/upload", [image_part(small_jpeg())], who)
            preset = {"name": f"card{number}", "processingOptions": {}}
            api.send_json("POST", "/api/presets", preset, who)
            api.send_json("POST", "/api/presets", preset | {"name": "card"}, who)
            changed = {"processingOptions": {"quality": 70 + number}}
            api.send_json("PUT", "/api/presets/card", changed, who)
            asset = [image_part(small_jpeg(), f"a{number}.jpg").replace(b'"image"', b'"asset"')]
            api.send_form("/api/assets", asset, who)
    yield other


def cursor_of(api: Installation, path: str, who: Person) -> str:
    """Return the cursor that *who* is given for the second page of a list."""
    joined = f"{path}{'&' if '?' in path else '?'}limit=1"
    answer = api.send("GET", joined, who)
    assert answer.status_code == 200, answer.text
    link = re.fullmatch('<(.+)>; rel="next"', answer.headers["link"])
    assert link is not None
    assert api.send("GET", link[1], who).status_code == 200
    return parse_qs(urlsplit(link[1]).query)["cursor"][0]


def ask(api: Installation, path: str, who: Person, **query: str):
    address, _, more = path.partition("?")
    params = dict(part.split("=") for part in more.split("&") if part) | query
    return api.send("GET", address, who, params=params)


def test_68_every_list_is_known(api: Installation, root: Person) -> None:
    """Whatever takes a cursor takes none that is made up; a new list cannot forget the mark."""
    lists = {urlsplit(path).path for path in LISTS} | {"/api/admin/quarantine"}
    lists = {path.replace("card", "{name}") for path in lists}
    found = set()
    for route in api.routes():
        if route.method != "GET" or route.path.startswith(("/files", "/problems")):
            continue
        answer = api.send("GET", route.at(name="card"), root, params={"cursor": "A" * 32})
        if answer.status_code == 400:
            assert refusal(answer) == (400, "invalid-cursor")
            found.add(route.path)
        else:
            assert answer.status_code in (200, 404) or refusal(answer)[0] == 422, route
            assert "link" not in answer.headers or "cursor" not in answer.headers["link"]

    assert found == lists
    assert Route("GET", "/api/images") in api.routes()


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "limit", ["-1", "0", "1.5", "x", "", "1e3", "0x10", "٣", " 1", "-1000000000"]
)
def test_68_no_page_is_empty(api: Installation, full: Person, path: str, limit: str) -> None:
    answer = ask(api, path, full, limit=limit)

    assert refusal(answer) == (422, "invalid-parameter")
    assert answer.json["pointer"] == "/limit"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", ["101", "1000000000", "9" * 5_000, "0" * 50 + "7"])
def test_68_a_page_has_as_many_as_there_may_be(
    api: Installation, full: Person, path: str, limit: str
) -> None:
    answer = ask(api, path, full, limit=limit)

    assert answer.status_code == 200


def test_68_a_page_that_is_too_long_is_cut(api: Installation, full: Person) -> None:
    """A hundred and five presets would be too many, but not as many versions of one."""
    for number in range(105):
        changed = {"processingOptions": {"resize": f"{number + 1}x10"}}
        answer = api.send_json("PUT", "/api/presets/card1", changed, full)
        assert answer.status_code == 200
    page = ask(api, "/api/presets/card1/versions", full, limit="1000000000")

    assert len(page.json["versions"]) == 100
    assert "limit=100&" in page.headers["link"]


@pytest.mark.parametrize("path", LISTS[:-1])
def test_68_a_cursor_is_good_for_one_list_of_one_user(
    api: Installation, root: Person, full: Person, path: str
) -> None:
    good = cursor_of(api, path, full)
    elsewhere = "/api/assets" if path != "/api/assets" else "/api/images"
    forged = {
        "another's": cursor_of(api, path, root),
        "another list's": cursor_of(api, elsewhere, full),
        "cut": good[:-1], "longer": f"{good}A", "without its mark": good[16:], "its mark alone": good[:16],
        "another mark": "A" * 16 + good[16:], "changed": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "turned round": good[::-1], "doubled": good + good, "empty": "", "a space": " ", "a number": "2",
        "null": "null", "Base64": "eyJpZCI6MX0=", "SQL": "' OR 1=1 --", "NUL": "\0", "not ASCII": "é" * 16,
        "long": "A" * 5_000, "with a line break": f"{good}\n", "in upper case": good.upper(),
    }  # fmt: skip
    for name, cursor in forged.items():
        answer = ask(api, path, full, cursor=cursor)

        assert refusal(answer) == (400, "invalid-cursor"), name
    assert ask(api, path, full, cursor=good).status_code == 200
    assert refusal(ask(api, path, root, cursor=good)) == (400, "invalid-cursor")


def test_68_cursors_are_good_in_every_process(api: Installation, full: Person) -> None:
    """The key is the platform's: another process of the same settings knows them."""
    cursor = cursor_of(api, "/api/images", full)
    other = Installation.__new__(Installation)
    from falcon.testing import TestClient

    from entrypoints.container import Platform

    other.client = TestClient(Platform(settings=api.settings).http_app())

    assert ask(other, "/api/images", full, cursor=cursor).status_code == 200
