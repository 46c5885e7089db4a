"""Presets over HTTP: their forms, their tags, and their use."""

import re
from typing import Any

import attrs
import pytest

from application.errors import PresetsOnly, TooManyPresets
from application.presets.list_preset_versions import ListPresetVersionsRequest
from application.presets.list_presets import ListPresetsRequest
from domain.images.operations import AutoOrient, Grayscale, Resize
from domain.images.preset import PresetOrigin
from tests import pictures
from tests.builders import a_preset
from tests.http.house import BEARER, Caller, House, image_part, options_part, problem

PATH = "/api/presets"
CARD = {"name": "card", "processingOptions": {"resize": "800x600", "format": "webp"}}


def test_a_preset_is_made(caller: Caller, house: House) -> None:
    answer = caller.simulate_post(PATH, json=CARD | {"locked": True}, headers=BEARER)

    assert answer.status_code == 201
    assert answer.headers["location"] == "/api/presets/card"
    assert answer.headers["etag"] == '"card@1"'
    assert answer.json == {
        "name": "card",
        "version": 1,
        "preset": "card@1",
        "shared": False,
        "locked": True,
        "createdAt": "2026-03-14T12:00:00.000Z",
        "processingOptions": {"version": 1},
        "pipelineHash": "ab" * 32,
    }
    [request] = house.preset_requests
    assert (request.actor, request.shared, request.locked) == (house.actor, False, True)
    assert request.pipeline.operations == (AutoOrient(), Resize(800, 600))


def test_a_shared_one_says_so(caller: Caller) -> None:
    answer = caller.simulate_post(PATH, json=CARD | {"shared": True}, headers=BEARER)

    assert answer.json["shared"] is True
    assert answer.headers["location"] == "/api/presets/card?shared=true"
    assert answer.headers["etag"] == '"card@1+shared"'


def test_the_long_form_is_as_good(caller: Caller, house: House) -> None:
    options = {"pipeline": [{"op": "grayscale"}]}

    caller.simulate_post(PATH, json={"name": "a", "processingOptions": options}, headers=BEARER)

    assert house.presets[0].pipeline.operations == (AutoOrient(), Grayscale())


def test_a_key_stands_for_all_that_is_asked(caller: Caller, house: House) -> None:
    headers = BEARER | {"Idempotency-Key": "once"}
    for body in (CARD, CARD | {"locked": False}, CARD | {"locked": True}, CARD | {"name": "b"}):
        assert caller.simulate_post(PATH, json=body, headers=headers).status_code == 201

    same, again, *others = (request.idempotency for request in house.preset_requests)
    assert same == again
    assert len({same, *others}) == 3
    house.replaying = True
    answer = caller.simulate_post(PATH, json=CARD, headers=headers)
    assert (answer.status_code, answer.headers["idempotent-replayed"]) == (201, "true")


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"name": "card"}, "invalid-parameter", "/processingOptions"),
        ({"processingOptions": {}}, "invalid-parameter", "/name"),
        (CARD | {"name": 7}, "invalid-parameter", "/name"),
        (CARD | {"name": "Card"}, "invalid-parameter", "/name"),
        (CARD | {"name": ""}, "invalid-parameter", "/name"),
        (CARD | {"locked": 1}, "invalid-parameter", "/locked"),
        (CARD | {"shared": "yes"}, "invalid-parameter", "/shared"),
        (CARD | {"owner": "me"}, "unknown-member", "/owner"),
        (CARD | {"processingOptions": None}, "invalid-parameter", "/processingOptions"),
        (CARD | {"processingOptions": []}, "invalid-parameter", "/processingOptions"),
        (
            CARD | {"processingOptions": {"resize": "big"}},
            "invalid-parameter",
            "/processingOptions/resize",
        ),
        (
            CARD | {"processingOptions": {"preset": "other"}},
            "unknown-member",
            "/processingOptions/preset",
        ),
        (
            CARD | {"processingOptions": {"version": 1, "notify": {}}},
            "unknown-member",
            "/processingOptions/notify",
        ),
        (
            CARD | {"processingOptions": {"filters": ["negate"] * 21}},
            "too-many-operations",
            "/processingOptions/filters",
        ),
    ],
)
def test_refusals_point_to_what_is_wrong(
    caller: Caller, house: House, body: Any, code: str, pointer: str
) -> None:
    answer = caller.simulate_post(PATH, json=body, headers=BEARER)

    assert problem(answer) == (422, code)
    assert answer.json["pointer"] == pointer
    assert house.presets == []


@pytest.mark.parametrize("body", [[], "card", 7])
def test_what_is_no_object_is_refused(caller: Caller, body: Any) -> None:
    assert problem(caller.simulate_post(PATH, json=body, headers=BEARER))[0] == 422


def test_strangers_see_and_make_none(caller: Caller) -> None:
    for method in ("GET", "POST"):
        assert caller.simulate_request(method, PATH, json=CARD).status_code == 401
    for method, path in (
        ("GET", "/card"), ("PUT", "/card"), ("DELETE", "/card"), ("GET", "/card/versions"),
        ("GET", "/card/versions/1"),
    ):  # fmt: skip
        assert caller.simulate_request(method, PATH + path, json={}).status_code == 401


def test_the_next_version_is_made(caller: Caller, house: House) -> None:
    house.presets = [a_preset(house.user)]

    answer = caller.simulate_put(
        f"{PATH}/card",
        json={"processingOptions": {"grayscale": True}},
        headers=BEARER | {"If-Match": '"card@1"'},
    )

    assert (answer.status_code, answer.json["version"]) == (200, 2)
    assert answer.headers["etag"] == '"card@2"'
    [request] = house.preset_requests
    assert request.only_if == {"card@1"}
    assert request.pipeline.operations == (AutoOrient(), Grayscale())


@pytest.mark.parametrize("header", ['"card@7"', 'W/"card@1"', '"x", "y"', "card@1", '""', ""])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_whoever_was_quicker_is_not_overruled(
    caller: Caller, house: House, method: str, header: str
) -> None:
    house.presets = [a_preset(house.user)]

    answer = caller.simulate_request(
        method,
        f"{PATH}/card",
        json={"processingOptions": {}} if method == "PUT" else None,
        headers=BEARER | {"If-Match": header},
    )

    assert problem(answer) == (412, "precondition-failed")
    assert len(house.presets) == 1


@pytest.mark.parametrize("header", [None, "*", '"card@1"', '"x", "card@1"'])
def test_a_preset_is_removed(caller: Caller, house: House, header: str | None) -> None:
    house.presets = [a_preset(house.user)]
    headers = BEARER if header is None else BEARER | {"If-Match": header}

    answer = caller.simulate_delete(f"{PATH}/card?shared=false", headers=headers)

    assert (answer.status_code, answer.content, house.presets) == (204, b"", [])


def test_a_preset_and_its_versions_are_shown(caller: Caller, house: House) -> None:
    house.presets = [a_preset(house.user), a_preset(house.user, version=2)]

    assert caller.simulate_get(f"{PATH}/card", headers=BEARER).json["version"] == 2
    for address in ("card?version=1", "card/versions/1"):
        answer = caller.simulate_get(f"{PATH}/{address}", headers=BEARER)
        assert (answer.json["version"], answer.headers["etag"]) == (1, '"card@1"')
    caller.simulate_get(f"{PATH}/card/versions/1?shared=true", headers=BEARER)
    assert house.preset_requests[-1].shared


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "card"), ("GET", "Card"), ("GET", "a%00b"), ("GET", "card@1"), ("GET", "x" * 400),
        ("GET", "card/versions/1"), ("GET", "card/versions/0"), ("GET", "card/versions/9999999999"),
        ("GET", "card/versions/x"), ("GET", "Card/versions"), ("PUT", "card"), ("PUT", "Card"),
        ("DELETE", "card"), ("DELETE", "%E2%82%AC"),
    ],
)  # fmt: skip
def test_what_is_not_there(caller: Caller, method: str, address: str) -> None:
    answer = caller.simulate_request(
        method,
        f"{PATH}/{address}",
        json={"processingOptions": {}} if method == "PUT" else None,
        headers=BEARER,
    )

    assert problem(answer) == (404, "preset-not-found")


@pytest.mark.parametrize(
    ("address", "code", "pointer"),
    [
        ("?limit=0", "invalid-parameter", "/limit"),
        ("?limit=x", "invalid-parameter", "/limit"),
        ("?sort=name", "unknown-member", "/sort"),
        ("/card?shared=1", "invalid-parameter", "/shared"),
        ("/card?version=0", "invalid-parameter", "/version"),
        ("/card?version=two", "invalid-parameter", "/version"),
        ("/card?cursor=1", "unknown-member", "/cursor"),
        ("/card/versions/1?version=1", "unknown-member", "/version"),
    ],
)
def test_questions_that_are_not_understood(
    caller: Caller, house: House, address: str, code: str, pointer: str
) -> None:
    house.presets = [a_preset(house.user)]

    answer = caller.simulate_get(PATH + address, headers=BEARER)

    assert problem(answer) == (422, code)
    assert answer.json["pointer"] == pointer


def test_pages_lead_on(caller: Caller, house: House) -> None:
    house.presets = [a_preset(house.user, name=name) for name in "abc"]

    answer = caller.simulate_get(f"{PATH}?limit=2", headers=BEARER)
    next_page = re.fullmatch('<(.+)>; rel="next"', answer.headers["link"])[1]
    caller.simulate_get(next_page, headers=BEARER)

    assert [one["name"] for one in answer.json["presets"]] == ["a", "b"]
    assert set(answer.json["presets"][0]) == {
        "name", "version", "preset", "shared", "locked", "createdAt",
    }  # fmt: skip
    assert house.preset_requests[-1] == ListPresetsRequest(house.actor, ("b", False), 2)


def test_pages_of_versions_lead_on(caller: Caller, house: House) -> None:
    house.presets = [a_preset(house.user, version=number) for number in (3, 2, 1)]

    answer = caller.simulate_get(f"{PATH}/card/versions?limit=2&shared=true", headers=BEARER)
    next_page = re.fullmatch('<(.+)>; rel="next"', answer.headers["link"])[1]
    caller.simulate_get(next_page, headers=BEARER)

    assert [one["preset"] for one in answer.json["versions"]] == ["card@3", "card@2"]
    assert house.preset_requests[-1] == ListPresetVersionsRequest(
        house.actor, "card", shared=True, before=2, limit=2
    )


def test_refusals_of_the_use_cases(caller: Caller, house: House) -> None:
    house.failures["add_preset"] = TooManyPresets("There may be 100 presets; remove one.")
    assert problem(caller.simulate_post(PATH, json=CARD, headers=BEARER)) == (
        422,
        "too-many-presets",
    )
    house.failures["add_preset"] = PresetsOnly("You may use presets.")
    assert problem(caller.simulate_post(PATH, json=CARD, headers=BEARER)) == (403, "presets-only")


class TestUse:
    def test_an_upload_is_made_of_one(self, caller: Caller, house: House) -> None:
        house.presets = [a_preset(house.user, version=3)]

        answer = caller.upload(
            image_part(pictures.small_jpeg()),
            options_part('{"preset": "card@3", "grayscale": true}'),
        )

        assert answer.status_code == 202
        [received] = house.uploads
        assert received.request.preset == PresetOrigin("card", 3, is_shared=False)
        assert received.request.pipeline.operations == (
            *house.presets[0].pipeline.operations,
            Grayscale(),
        )

    @pytest.mark.parametrize(
        ("options", "status", "code", "pointer"),
        [
            ('{"preset": "poster"}', 404, "preset-not-found", "/preset"),
            ('{"preset": "@"}', 422, "invalid-parameter", "/preset"),
            ('{"preset": "card", "quality": 3}', 422, "preset-locked", "/quality"),
        ],
    )
    def test_refused_uploads_leave_nothing(
        self, caller: Caller, house: House, options: str, status: int, code: str, pointer: str
    ) -> None:
        house.presets = [a_preset(house.user, locked=True)]

        answer = caller.upload(image_part(pictures.small_jpeg()), options_part(options))

        assert problem(answer) == (status, code)
        assert answer.json["pointer"] == pointer
        assert (house.uploads, house.staging.open_now) == ([], 0)

    def test_a_plan_tells_the_version(self, caller: Caller, house: House) -> None:
        house.presets = [attrs.evolve(a_preset(house.user), version=7)]

        answer = caller.simulate_post(
            "/api/pipelines/plan", json={"processingOptions": {"preset": "card"}}, headers=BEARER
        )

        assert answer.json["preset"] == "card@7"
        assert house.plans[0].pipeline == house.presets[0].pipeline

    def test_a_plan_of_one_that_is_not_there(self, caller: Caller) -> None:
        answer = caller.simulate_post(
            "/api/pipelines/plan", json={"processingOptions": {"preset": "card"}}, headers=BEARER
        )

        assert problem(answer) == (404, "preset-not-found")
        assert answer.json["pointer"] == "/processingOptions/preset"
