"""Assets at the edge: the form by which they come, lists, and what is refused."""

import hashlib
from typing import Any

import pytest
from falcon.testing import Result as Answer

from application.errors import AlreadyExists, AssetInUse, TooManyAssets
from application.ports.malware_scanner import ScannerUnavailable
from domain.errors import FontRefused, MalwareFound
from tests.builders import NOON, an_asset_of
from tests.http.house import BEARER, Caller, House, form, part, problem

PATH = "/api/assets"
CONTENT = b"not looked at here"


def asset_part(content: bytes = CONTENT, file_name: str = "logo.png") -> bytes:
    return part("asset", content, file_name, "application/octet-stream")


def post(caller: Caller, *parts: bytes, **overrides: Any) -> Answer:
    return caller.upload_body(form(*parts), path=PATH, **overrides)


def delete(caller: Caller, path: str) -> Answer:
    return caller.simulate_delete(path, headers=BEARER)


def test_an_asset_is_told_of_as_it_is_kept(caller: Caller, house: House) -> None:
    answer = post(caller, part("name", "brand logo.png"), asset_part())

    assert answer.status_code == 201
    assert answer.json == {
        "name": "brand logo.png",
        "kind": "picture",
        "shared": False,
        "byteSize": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "createdAt": "2026-03-14T12:00:00.000Z",
    }
    assert answer.headers["location"] == "/api/assets/brand%20logo.png"
    shown = caller.simulate_get(answer.headers["location"], headers=BEARER)
    assert shown.json == answer.json
    assert house.staging.open_now == 0


def test_its_name_is_that_of_the_file_if_none_is_given(caller: Caller) -> None:
    assert post(caller, asset_part(file_name="seal.png")).json["name"] == "seal.png"


@pytest.mark.parametrize("parts_first", [True, False])
def test_a_shared_one_has_an_address_of_its_own(caller: Caller, *, parts_first: bool) -> None:
    shared = part("shared", "true")

    answer = post(caller, *((shared, asset_part()) if parts_first else (asset_part(), shared)))

    assert (answer.status_code, answer.json["shared"]) == (201, True)
    assert answer.headers["location"] == "/api/assets/logo.png?shared=true"
    assert caller.simulate_get("/api/assets/logo.png", headers=BEARER).status_code == 404
    assert caller.simulate_get(answer.headers["location"], headers=BEARER).json == answer.json
    assert delete(caller, answer.headers["location"]).status_code == 204


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        ([], (400, "missing-part")),
        ([part("name", "a.png")], (400, "missing-part")),
        ([part("asset", "text, no file")], (400, "missing-part")),
        ([part("image", CONTENT, "a.png")], (400, "missing-part")),
        ([asset_part(), asset_part()], (400, "duplicate-part")),
        ([asset_part(), part("name", "a.png"), part("name", "b.png")], (400, "duplicate-part")),
        ([asset_part(), part("owner", "1")], (422, "unexpected-part")),
        ([asset_part(), part("user_id", "1")], (422, "unexpected-part")),
        ([asset_part(), part("other", CONTENT, "b.png")], (422, "unexpected-part")),
        ([asset_part(), part("name", CONTENT, "b.png")], (422, "unexpected-part")),
        ([asset_part(), part("name", b"\xff\xfe")], (422, "invalid-parameter")),
        ([asset_part(), part("name", "a" * 2000)], (422, "invalid-parameter")),
        ([asset_part(), part("name", "")], (422, "invalid-parameter")),
        ([asset_part(), part("name", "../../etc/passwd")], (422, "invalid-parameter")),
        ([asset_part(), part("name", "a\0.png")], (422, "invalid-parameter")),
        ([asset_part(), part("shared", "yes")], (422, "invalid-parameter")),
        ([asset_part(), part("shared", "")], (422, "invalid-parameter")),
    ],
)
def test_other_forms_are_refused(
    caller: Caller, house: House, parts: list[bytes], refusal: tuple[int, str]
) -> None:
    assert problem(post(caller, *parts)) == refusal
    assert (house.assets, house.staging.open_now) == ([], 0)


def test_a_value_that_is_refused_is_pointed_at(caller: Caller) -> None:
    for name, text in (("name", "/etc"), ("shared", "1")):
        assert post(caller, asset_part(), part(name, text)).json["pointer"] == f"/{name}"


def test_bodies_that_are_no_forms_are_refused(caller: Caller) -> None:
    for body, headers, refusal in (
        (b"{}", {"Content-Type": "application/json"}, (415, "unsupported-media-type")),
        (form(asset_part())[:-9], {}, (400, "malformed-multipart")),
        (b"", {}, (400, "malformed-multipart")),
    ):
        answer = caller.upload_body(body, path=PATH, headers=headers)
        assert problem(answer) == refusal


def test_a_file_that_is_too_large_is_refused() -> None:
    house = House(max_upload_bytes=100)

    answer = post(Caller(house), asset_part(bytes(101)))

    assert problem(answer) == (413, "content-too-large")
    assert (house.assets, house.staging.open_now) == ([], 0)


@pytest.mark.parametrize(
    ("use_case", "error", "refusal"),
    [
        ("add_asset", AlreadyExists("There is one."), (409, "already-exists")),
        ("add_asset", TooManyAssets("Too many."), (422, "too-many-assets")),
        ("add_asset", FontRefused("broken"), (422, "font-refused")),
        ("add_asset", MalwareFound("a scanner knows it"), (422, "malware-found")),
        ("add_asset", ScannerUnavailable("clamd hangs"), (503, "scanner-unavailable")),
        ("remove_asset", AssetInUse("A task."), (409, "asset-in-use")),
    ],
)
def test_refusals_have_their_codes(
    caller: Caller, house: House, use_case: str, error: Exception, refusal: tuple[int, str]
) -> None:
    house.failures[use_case] = error

    answer = (
        post(caller, asset_part()) if use_case == "add_asset" else delete(caller, f"{PATH}/a.png")
    )

    assert problem(answer) == refusal


def test_a_request_that_comes_again_is_answered_as_before(caller: Caller, house: House) -> None:
    house.replaying = True

    answer = post(caller, asset_part(), headers={"Idempotency-Key": "k1"})

    assert (answer.status_code, answer.headers["idempotent-replayed"]) == (201, "true")


def test_a_page_leads_to_the_next(caller: Caller, house: House) -> None:
    house.assets = [an_asset_of(house.user.id, name=f"{number}.png") for number in range(3)]

    answer = caller.simulate_get(f"{PATH}?limit=2", headers=BEARER)

    assert [asset["name"] for asset in answer.json["assets"]] == ["0.png", "1.png"]
    link = answer.headers["link"]
    assert link.endswith('>; rel="next"')
    caller.simulate_get(link[1 : link.index(">")], headers=BEARER)
    assert house.asset_pages[-1].after == (NOON, house.assets[1].id)
    assert house.asset_pages[-1].limit == 2
    assert "link" not in caller.simulate_get(PATH, headers=BEARER).headers


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("limit=0", (422, "invalid-parameter")),
        ("limit=-1", (422, "invalid-parameter")),
        ("limit=many", (422, "invalid-parameter")),
        ("cursor=made-up", (400, "invalid-cursor")),
        ("kind=font", (422, "unknown-member")),
    ],
)
def test_pages_that_there_are_not_are_refused(
    caller: Caller, query: str, refusal: tuple[int, str]
) -> None:
    assert problem(caller.simulate_get(f"{PATH}?{query}", headers=BEARER)) == refusal


def test_one_is_deleted_once(caller: Caller, house: House) -> None:
    house.assets = [an_asset_of(house.user.id, name="brand logo.png")]

    assert delete(caller, f"{PATH}/brand%20logo.png").status_code == 204
    assert problem(delete(caller, f"{PATH}/brand%20logo.png")) == (404, "not-found")


@pytest.mark.parametrize("name", ["nobodys.png", "..%2F..%2Fetc%2Fpasswd", "%00", "%FF", "a" * 900])
def test_names_that_nobody_has_are_not_there(caller: Caller, name: str) -> None:
    for answer in (
        caller.simulate_get(f"{PATH}/{name}", headers=BEARER),
        delete(caller, f"{PATH}/{name}"),
    ):
        assert problem(answer) == (404, "not-found")


def test_other_questions_about_one_are_refused(caller: Caller) -> None:
    for query, code in (("shared=maybe", "invalid-parameter"), ("all=true", "unknown-member")):
        assert problem(delete(caller, f"{PATH}/a.png?{query}")) == (422, code)


def test_only_who_has_signed_in_is_served(caller: Caller) -> None:
    for method, path in (
        ("GET", PATH),
        ("POST", PATH),
        ("GET", f"{PATH}/logo.png"),
        ("DELETE", f"{PATH}/logo.png"),
    ):
        assert problem(caller.simulate_request(method, path)) == (401, "invalid-token")
