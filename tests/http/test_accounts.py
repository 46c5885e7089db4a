"""Accounts: registering, signing in and out, profiles; and who is let in."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from application.ports.repositories.users import EmailTaken, UsernameTaken
from domain.tasks.task import TaskStatus
from domain.users.roles import Role
from tests.builders import NOON, an_admin, an_api_key
from tests.http.house import BEARER, MAILED_TOKEN, REFRESH_TOKEN, TOKEN, Caller, House, problem

AN_ID = UUID(int=1)

USER1 = {"username": "user1", "email": "user1@example.com", "password": "password123"}


def test_the_bodies_are_those_of_the_system_design(caller: Caller, house: House) -> None:
    registered = caller.simulate_post("/api/auth/register", json=USER1)
    logged_in = caller.simulate_post(
        "/api/auth/login", json={"email": "user1@example.com", "password": "password123"}
    )
    shown = caller.simulate_get("/api/users/profile", json={"userId": "user1"}, headers=BEARER)
    changed = caller.simulate_put(
        "/api/users/profile",
        json={"username": "new_username", "email": "new_email@example.com"},
        headers=BEARER,
    )
    logged_out = caller.simulate_post("/api/auth/logout", json={"token": TOKEN})

    answers = (registered, logged_in, shown, changed, logged_out)
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 200]
    assert [answer.json for answer in answers] == [
        {"message": "User registered successfully."},
        {"token": TOKEN},
        {"username": "user1", "email": "user1@example.com", "roles": ["user"]},
        {"message": "Profile updated successfully."},
        {"message": "Logout successful."},
    ]
    assert [(one.username, one.email, one.password) for one in house.registered] == [
        ("user1", "user1@example.com", "password123")
    ]
    assert [(one.username, one.email) for one in house.changes] == [
        ("new_username", "new_email@example.com")
    ]
    assert house.ended == [TOKEN]


def test_ones_own_profile_needs_no_name_and_may_be_asked_for_by_query(caller: Caller) -> None:
    for query in ("", "?userId=user1"):
        answer = caller.simulate_get(f"/api/users/profile{query}", headers=BEARER)
        assert answer.json["username"] == "user1"

    answer = caller.simulate_get("/api/users/profile?userId=somebody", headers=BEARER)
    assert problem(answer) == (403, "not-allowed")


def test_an_administrators_roles_are_listed_in_one_order(caller: Caller, house: House) -> None:
    house.user = an_admin()

    answer = caller.simulate_get("/api/users/profile", headers=BEARER)

    assert answer.json["roles"] == [Role.USER.value, Role.ADMIN.value]


def test_a_member_left_out_of_a_change_stays_as_it_is(caller: Caller, house: House) -> None:
    caller.simulate_put("/api/users/profile", json={"email": "a@example.com"}, headers=BEARER)

    assert [(one.username, one.email) for one in house.changes] == [(None, "a@example.com")]


def test_signing_out_without_a_body_ends_the_session_of_the_header(
    caller: Caller, house: House
) -> None:
    assert caller.simulate_post("/api/auth/logout", headers=BEARER).status_code == 200
    assert house.ended == [TOKEN]

    assert problem(caller.simulate_post("/api/auth/logout")) == (401, "invalid-token")


@pytest.mark.parametrize(
    ("payload", "status", "code", "pointer"),
    [
        ({"username": "ada", "email": "a@example.com"}, 422, "invalid-parameter", "/password"),
        ({**USER1, "roles": ["admin"]}, 422, "unknown-member", "/roles"),
        ({**USER1, "id": 1}, 422, "unknown-member", "/id"),
        ({**USER1, "email": "nobody"}, 422, "invalid-parameter", "/email"),
        ({**USER1, "password": 12345678}, 422, "invalid-parameter", "/password"),
        ({**USER1, "password": "1234567"}, 422, "invalid-parameter", "/password"),
        ({**USER1, "username": None}, 422, "invalid-parameter", "/username"),
        ([USER1], 422, "invalid-parameter", ""),
        ("user1", 422, "invalid-parameter", ""),
        (None, 422, "invalid-parameter", ""),
    ],
)
def test_bodies_are_read_strictly(
    caller: Caller, house: House, payload: Any, status: int, code: str, pointer: str
) -> None:
    answer = (
        caller.simulate_post("/api/auth/register", json=payload)
        if payload is not None
        else (
            caller.simulate_post(
                "/api/auth/register", body=b"null", headers={"Content-Type": "application/json"}
            )
        )
    )

    assert problem(answer) == (status, code)
    assert answer.json["pointer"] == pointer
    assert house.registered == []


def test_a_body_is_needed_whole_small_and_of_json(caller: Caller) -> None:
    def register(body: bytes, **headers: str) -> Any:
        return caller.simulate_post("/api/auth/register", body=body, headers=headers)

    assert problem(register(b"")) == (400, "malformed-json")
    assert problem(register(b"{}", **{"Content-Type": "application/x-www-form-urlencoded"})) == (
        415,
        "unsupported-media-type",
    )
    assert problem(register(b"{}", **{"Content-Length": "3"})) == (400, "incomplete-body")
    assert problem(register(b"{}", **{"Content-Encoding": "gzip"})) == (
        415,
        "unsupported-content-encoding",
    )
    assert problem(register(b" " * 65_537)) == (413, "content-too-large")


def test_taken_names_and_addresses_are_conflicts(caller: Caller, house: House) -> None:
    for refusal, code in ((UsernameTaken("x"), "username-taken"), (EmailTaken("x"), "email-taken")):
        house.failures["register_user"] = refusal
        answer = caller.simulate_post("/api/auth/register", json=USER1)
        assert problem(answer) == (409, code)


def test_signing_in_gives_a_refresh_token_in_a_header(caller: Caller, house: House) -> None:
    answer = caller.simulate_post(
        "/api/auth/login",
        json={"email": "user1@example.com", "password": "password123"},
        headers={"User-Agent": " Lynx/2.8\u00a0\x9b31m  (" + "x" * 500},
    )

    assert answer.headers["x-refresh-token"] == REFRESH_TOKEN
    assert answer.headers["cache-control"] == "no-store"
    [request] = house.sign_ins
    assert request.client.startswith("Lynx/2.8 31m (xxx")
    assert len(request.client) == 120


def test_the_client_is_what_the_header_says_not_the_body(caller: Caller) -> None:
    body = {"email": "user1@example.com", "password": "password123", "client": "x"}

    assert problem(caller.simulate_post("/api/auth/login", json=body)) == (422, "unknown-member")


def test_a_refresh_token_is_exchanged(caller: Caller) -> None:
    answer = caller.simulate_post("/api/auth/refresh", json={"refreshToken": REFRESH_TOKEN})

    assert (answer.status_code, answer.json) == (200, {"token": TOKEN})
    assert answer.headers["x-refresh-token"] == f"{REFRESH_TOKEN}_next"

    for token in ("", "st_unknown", TOKEN):
        answer = caller.simulate_post("/api/auth/refresh", json={"refreshToken": token})
        assert problem(answer) == (401, "invalid-refresh-token")
        assert "x-refresh-token" not in answer.headers
    assert problem(caller.simulate_post("/api/auth/refresh", json={})) == (422, "invalid-parameter")


def test_sessions_are_listed_and_ended(caller: Caller, house: House) -> None:
    present, other = house.sessions

    listed = caller.simulate_get("/api/auth/sessions", headers=BEARER).json["sessions"]

    assert listed[1] == {
        "id": str(other.id),
        "client": "curl/8.5.0",
        "createdAt": "2026-03-14T12:00:00.000Z",
        "lastUsedAt": "2026-03-14T12:00:00.000Z",
        "expiresAt": "2027-03-14T12:00:00.000Z",
        "current": False,
    }
    assert [one["current"] for one in listed] == [True, False]
    path = f"/api/auth/sessions/{other.id}"
    assert caller.simulate_delete(path, headers=BEARER).status_code == 204
    assert problem(caller.simulate_delete(path, headers=BEARER)) == (404, "not-found")
    house.sessions.append(other)
    assert caller.simulate_delete("/api/auth/sessions", headers=BEARER).status_code == 204
    assert house.sessions == [present]


def test_a_password_is_changed_with_the_present_one(caller: Caller, house: House) -> None:
    path = "/api/auth/password/change"
    body = {"currentPassword": "password123", "newPassword": "correct horse"}

    answer = caller.simulate_post(path, json=body, headers=BEARER)
    assert (answer.status_code, answer.json) == (200, {"message": "Password changed successfully."})
    assert house.passwords == ["correct horse"]

    answer = caller.simulate_post(path, json=body | {"currentPassword": "no"}, headers=BEARER)
    assert problem(answer) == (403, "wrong-password")
    assert answer.json["pointer"] == "/currentPassword"
    answer = caller.simulate_post(path, json=body | {"newPassword": "short"}, headers=BEARER)
    assert problem(answer) == (422, "invalid-parameter")
    assert answer.json["pointer"] == "/newPassword"
    assert problem(caller.simulate_post(path, json=body)) == (401, "invalid-token")


def test_a_forgotten_password_is_answered_alike_for_everybody(caller: Caller, house: House) -> None:
    path = "/api/auth/password/forgot"

    answers = [
        caller.simulate_post(path, json={"email": email})
        for email in ("user1@example.com", "nobody@example.com")
    ]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].text == answers[1].text
    assert house.forgotten == ["user1@example.com", "nobody@example.com"]
    assert problem(caller.simulate_post(path, json={"email": "x"})) == (422, "invalid-parameter")


def test_a_letters_token_resets_the_password_and_verifies_the_address(
    caller: Caller, house: House
) -> None:
    reset, verify = "/api/auth/password/reset", "/api/auth/verify-email"
    new = {"newPassword": "correct horse"}

    assert caller.simulate_post(reset, json={"token": MAILED_TOKEN} | new).status_code == 200
    assert caller.simulate_post(verify, json={"token": MAILED_TOKEN}).status_code == 200
    assert (house.passwords, house.verified) == (["correct horse"], 1)
    for path, body in ((reset, {"token": "st_x"} | new), (verify, {"token": "st_x"})):
        answer = caller.simulate_post(path, json=body)
        assert problem(answer) == (403, "invalid-mailed-token")
        assert answer.json["pointer"] == "/token"
    assert caller.simulate_post(f"{verify}/send", headers=BEARER).status_code == 202


def test_the_profile_takes_the_present_password(caller: Caller, house: House) -> None:
    body = {"email": "a@example.com", "currentPassword": "password123"}

    caller.simulate_put("/api/users/profile", json=body, headers=BEARER)

    assert [one.current_password for one in house.changes] == ["password123"]


def test_an_account_is_erased_with_its_password_and_leaves_a_receipt(
    caller: Caller, house: House
) -> None:
    path, body = "/api/users/me", {"password": "password123"}
    answer = caller.simulate_delete(path, json={"password": "no"}, headers=BEARER)
    assert problem(answer) == (403, "wrong-password")
    assert problem(caller.simulate_delete(path, headers=BEARER)) == (400, "malformed-json")
    assert problem(caller.simulate_delete(path, json=body)) == (401, "invalid-token")

    answer = caller.simulate_delete(path, json=body, headers=BEARER)

    assert answer.status_code == 202
    receipt = answer.json["receiptUrl"]
    assert answer.headers["location"] == receipt
    shown = caller.simulate_get(receipt)
    [erasure] = house.erasures.values()
    assert shown.json == {
        "id": str(erasure.id),
        "status": "in progress",
        "requestedAt": "2026-03-14T12:00:00.000Z",
        "completedAt": None,
        "destroyed": {"images": 3},
        "files": ["key-1", "key-2"],
        "filesSha256": None,
    }
    assert shown.headers["retry-after"] == "5"
    assert shown.headers["link"] == f'<{receipt}?after=2>; rel="next"'
    second = caller.simulate_get(f"{receipt}?after=2")
    assert second.json["files"] == ["key-3"] and "link" not in second.headers


@pytest.mark.parametrize("after", ["0", "-1", "x", "1e3", "9" * 30, "%00"])
def test_a_receipts_page_is_as_a_link_gave_it(caller: Caller, house: House, after: str) -> None:
    erasure_id = uuid4()

    answer = caller.simulate_get(f"/api/erasures/{erasure_id}?after={after}")

    assert problem(answer) == (422, "invalid-parameter")
    for unknown in (erasure_id, "x", str(AN_ID).upper()):
        assert problem(caller.simulate_get(f"/api/erasures/{unknown}")) == (404, "not-found")


def test_ones_tasks_are_listed_in_pages(caller: Caller, house: House) -> None:
    ids = [house.a_queued_task() for _ in range(3)]

    answer = caller.simulate_get("/api/users/me/tasks?status=in%20progress&limit=2", headers=BEARER)

    assert [one["taskId"] for one in answer.json["tasks"]] == [str(one) for one in ids[:2]]
    assert "results" not in answer.json["tasks"][0]
    [request] = house.task_pages
    assert (request.status, request.limit) == (TaskStatus.IN_PROGRESS, 2)
    link = answer.headers["link"]
    assert link.startswith("</api/users/me/tasks?status=in+progress&limit=2&cursor=")
    caller.simulate_get(link.split(">")[0].lstrip("<"), headers=BEARER)
    assert house.task_pages[1].after == (NOON, ids[1])


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("status=done", "/status"),
        ("limit=0", "/limit"),
        ("limit=x", "/limit"),
        ("state=failed", "/state"),
    ],
)
def test_a_page_of_tasks_is_asked_for_strictly(caller: Caller, query: str, pointer: str) -> None:
    answer = caller.simulate_get(f"/api/users/me/tasks?{query}", headers=BEARER)

    assert answer.status_code == 422
    assert answer.json["pointer"] == pointer


def test_the_own_profile_leads_to_the_own_tasks(caller: Caller) -> None:
    own = caller.simulate_get("/api/users/profile", headers=BEARER)
    named = caller.simulate_get("/api/users/profile?userId=user1", headers=BEARER)

    assert own.headers["link"] == '</api/users/me/tasks>; rel="related"; title="tasks"'
    assert "link" not in named.headers


def test_an_export_tells_all_but_secrets(caller: Caller, house: House) -> None:
    key = an_api_key(house.user)
    house.api_keys[key.id] = key

    answer = caller.simulate_get("/api/users/me/export", headers=BEARER)

    assert answer.headers["content-disposition"].startswith("attachment")
    known = answer.json
    assert list(known) == [
        "profile",
        "sessions",
        "apiKeys",
        "webhooks",
        "identities",
        "lists",
    ]
    assert known["profile"]["email"] == "user1@example.com"
    assert known["profile"]["emailVerifiedAt"] is None
    assert [one["id"] for one in known["apiKeys"]] == [str(key.id)]
    assert key.secret_sha256 not in answer.text and house.user.password_hash not in answer.text


def test_wrong_credentials_tell_nothing(caller: Caller) -> None:
    answers = [
        caller.simulate_post("/api/auth/login", json={"email": email, "password": "wrong"})
        for email in ("user1@example.com", "nobody@example.com")
    ]

    assert [problem(answer) for answer in answers] == [(401, "wrong-credentials")] * 2
    assert answers[0].headers["www-authenticate"] == 'Bearer realm="safelight"'
    assert _without_id(answers[0].json) == _without_id(answers[1].json)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjE6cGFzc3dvcmQxMjM=",
        "Bearer two words",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
        "Bearer " + "x" * 5_000,
        "Bearer t\u00f6ken",
        f"Bearer sl_{'0' * 32}_{'0' * 64}",
        "Bearer sl_",
        TOKEN,
    ],
)
def test_64_every_bad_token_gets_one_answer(caller: Caller, header: str) -> None:
    path = f"/api/images/{uuid4()}/status"

    answer = caller.simulate_get(path, headers={"Authorization": header} if header else {})

    assert problem(answer) == (401, "invalid-token")
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    reference = caller.simulate_get(path, headers={"Authorization": "Bearer wrong"})
    assert _without_id(answer.json) == _without_id(reference.json)


def test_65_two_tokens_are_refused_and_so_is_one_in_the_address(caller: Caller) -> None:
    path = "/api/users/profile"
    two = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", "Bearer other")]

    assert problem(caller.simulate_get(path, headers=two)) == (400, "bad-request")
    for name in ("token", "access_token"):
        for headers in ({}, BEARER):
            answer = caller.simulate_get(path, params={name: TOKEN}, headers=headers)
            assert problem(answer) == (401, "invalid-token")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/images/upload"),
        ("GET", f"/api/images/{AN_ID}/status"),
        ("GET", f"/api/images/{AN_ID}/download"),
        ("GET", "/api/users/profile"),
        ("PUT", "/api/users/profile"),
        ("GET", f"/api/tasks/{AN_ID}"),
        ("GET", "/api/webhooks"),
        ("POST", "/api/webhooks"),
        ("DELETE", f"/api/webhooks/{AN_ID}"),
    ],
)
def test_protected_routes_ask_for_a_token(caller: Caller, method: str, path: str) -> None:
    assert problem(caller.simulate_request(method, path)) == (401, "invalid-token")


def _without_id(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "requestId"}
