"""Row 61: ids that are none look like ids that nobody has."""

from urllib.parse import unquote
from uuid import uuid4

import pytest

from tests.catalogue.installation import Installation, Person, Route, refusal, without_id
from tests.http.house import image_part
from tests.pictures import small_jpeg

AN_ID = "ae0f5e7c-8c2c-4a0e-9c1b-0c5b6c7d8e9f"
STRANGE = {
    "a word": "abc123",
    "a number": "1",
    "minus one": "-1",
    "nothing but a space": "%20",
    "NUL": "%00",
    "NUL behind": f"{AN_ID}%00",
    "a path": "..%2f",
    "a longer path": "..%2f..%2f..%2fetc%2fpasswd",
    "a path, encoded twice": "..%252f",
    "a path of Windows": "..%5c..%5cwin.ini",
    "dots": "%2e%2e",
    "upper case": AN_ID.upper(),
    "mixed case": AN_ID.replace("ae", "Ae"),
    "no hyphens": AN_ID.replace("-", ""),
    "hyphens elsewhere": "ae0f5e7c8c2c-4a0e-9c1b-0c5b-6c7d8e9f",
    "in braces": f"%7B{AN_ID}%7D",
    "as a URN": f"urn:uuid:{AN_ID}",
    "a line break behind": f"{AN_ID}%0A",
    "a line break before": f"%0D%0A{AN_ID}",
    "a space behind": f"{AN_ID}%20",
    "a tab before": f"%09{AN_ID}",
    "a point behind": f"{AN_ID}.",
    "JSON behind": f"{AN_ID}.json",
    "a semicolon": f"{AN_ID};x=1",
    "one digit more": f"{AN_ID}0",
    "one digit less": AN_ID[:-1],
    "no digit": AN_ID[:-1] + "g",
    "a full-width digit": "%EF%BC%90" + AN_ID[1:],
    "an Arabic digit": "%D9%A0" + AN_ID[1:],
    "no UTF-8": f"%FF{AN_ID}",
    "half a character": AN_ID[:-1] + "%ED%A0%80",
    "a broken escape": f"{AN_ID}%",
    "SQL": f"{AN_ID}'%20OR%20'1'='1",
    "a wildcard": "%25",
    "a template": "%7Bimage_id%7D",
    "the first id": "00000000-0000-0000-0000-000000000000 ".strip(),
    "the last id": "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "10 kB": "x" * 10_240,
    "10 kB of digits": "1" * 10_240,
    "10 kB of ids": (AN_ID + "-") * 280,
}
ID_NAMES = (
    "image_id", "task_id", "session_id", "key_id", "webhook_id", "user_id", "erasure_id", "identity_id",
)  # fmt: skip


def routes_by_id(api: Installation) -> list[Route]:
    return [
        one
        for one in api.routes()
        if one.path.startswith("/api/") and set(one.variables) & set(ID_NAMES)
    ]


def test_61_every_variable_of_an_address_is_an_id_or_a_name(api: Installation) -> None:
    """A new kind of id has to be named here, or the test below would pass it by."""
    variables = {name for one in api.routes() for name in one.variables}

    assert variables == {*ID_NAMES, "name", "number", "variant", "code", "provider"}
    assert len(routes_by_id(api)) >= 15


@pytest.mark.parametrize("kind", STRANGE)
def test_61_strange_ids_are_answered_as_unknown_ones(
    api: Installation, root: Person, kind: str
) -> None:
    for route in routes_by_id(api):
        body = b'{"disabled": false}' if route.method == "PATCH" else b""
        [variable] = route.variables

        def ask(text: str, route: Route = route, body: bytes = body, name: str = variable):
            return api.send_json(route.method, route.at(**{name: text}), body, root)

        unknown, strange = ask(str(uuid4())), ask(STRANGE[kind])

        assert refusal(unknown) == (404, "not-found"), route
        assert refusal(strange) == (404, "not-found"), route
        assert without_id(strange) == without_id(unknown)


SPELLINGS = {
    "upper case": str.upper,
    "no hyphens": lambda text: text.replace("-", ""),
    "in braces": lambda text: f"%7B{text}%7D",
    "as a URN": lambda text: f"urn:uuid:{text}",
    "a line break behind": lambda text: f"{text}%0A",
    "a space before": lambda text: f"%20{text}",
    "a full-width digit": lambda text: "".join(
        f"%EF%BC%{0x90 + int(sign):X}" if sign.isdigit() else sign for sign in text
    ),
    "hyphens elsewhere": lambda text: text.replace("-", "", 1) + "-",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_61_another_spelling_of_a_known_id_is_an_unknown_one(
    api: Installation, root: Person, spelling: str
) -> None:
    """One thing has one address, or what is said of the address would not be said of the thing."""
    uploaded = api.send_form("/api/images/upload", [image_part(small_jpeg())], root)
    hook = api.send_json("POST", "/api/webhooks", {"url": "https://example.com/61"}, root)
    body = {"name": "key", "scopes": ["images:read"]}
    key = api.send_json("POST", "/api/api-keys", body, root)
    session = api.send("GET", "/api/auth/sessions", root).json["sessions"][0]["id"]
    known = {
        "image_id": uploaded.json["imageId"],
        "task_id": uploaded.headers["x-task-id"],
        "webhook_id": hook.json["id"],
        "key_id": key.json["id"],
        "session_id": session,
        "user_id": str(root.user_id),
    }
    for route in routes_by_id(api):
        [variable] = route.variables
        if variable in ("erasure_id", "identity_id"):  # root has none
            continue
        text = SPELLINGS[spelling](known[variable])
        body = b'{"disabled": false}' if route.method == "PATCH" else b""
        answer = api.send_json(route.method, route.at(**{variable: text}), body, root)

        assert refusal(answer) == (404, "not-found"), route
    for path in ("/api/webhooks", "/api/api-keys"):
        listed = api.send("GET", path, root).text
        assert known["webhook_id" if path == "/api/webhooks" else "key_id"] in listed
    api.send("DELETE", hook.headers["location"], root)
    api.send("DELETE", key.headers["location"], root)


@pytest.mark.parametrize("kind", STRANGE)
def test_61_a_link_to_a_strange_id_opens_nothing(api: Installation, kind: str) -> None:
    answer = api.send("GET", f"/files/{STRANGE[kind]}/main/a.jpg?exp=2000000000&kid=1&sig=x")

    assert refusal(answer) in ((404, "not-found"), (403, "invalid-link"))


@pytest.mark.parametrize("kind", STRANGE)
def test_61_a_strange_id_in_a_body_or_a_query_opens_nothing(
    api: Installation, root: Person, kind: str
) -> None:
    text = unquote(STRANGE[kind])
    planned = api.send_json(
        "POST",
        "/api/pipelines/plan",
        {"processingOptions": {}, "image": {"imageId": text.replace("\0", "x")}},
        root,
    )
    asked = [
        api.send("GET", f"/api/admin/{place}", root, params={name: text})
        for place, name in (("audit", "userId"), ("logs", "taskId"), ("logs", "userId"))
    ]

    assert refusal(planned) == (404, "not-found")
    for answer in asked:
        assert answer.status_code == 200 or refusal(answer) == (422, "invalid-parameter")


@pytest.mark.parametrize("kind", STRANGE)
def test_61_strange_names_are_names_that_nobody_uses(
    api: Installation, root: Person, kind: str
) -> None:
    for path in (
        "/api/presets/{}", "/api/presets/{}/versions", "/api/presets/{}/versions/1",
        "/api/presets/card/versions/{}", "/api/assets/{}", "/problems/{}",
    ):  # fmt: skip
        status, _ = refusal(api.send("GET", path.format(STRANGE[kind]), root))

        assert status == 404, path
