"""Lists of images: what a page shows, and how one leads to the next."""

import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from uuid import UUID

import pytest

from application.images.list_images import ListImagesRequest
from domain.errors import InvalidParameter
from domain.tasks.task import TaskStatus
from entrypoints.http.cursor_seal import CursorSeal, InvalidCursor
from entrypoints.http.cursors import cursor_to, place_of
from tests.builders import A_SHA256, NOON, an_image
from tests.http.house import BEARER, Caller, House, problem

PATH = "/api/images"
A_PLACE = (NOON + timedelta(microseconds=123_457), UUID(int=1))


def test_an_image_is_shown_with_all_that_its_owner_may_know(caller: Caller, house: House) -> None:
    image = an_image(house.user, status=TaskStatus.COMPLETED)
    house.images[image.id] = image

    answer = caller.simulate_get(PATH, headers=BEARER)

    assert answer.json == {
        "images": [
            {
                "imageId": str(image.id),
                "status": "completed",
                "label": "holiday.jpg",
                "format": "jpeg",
                "width": 4000,
                "height": 3000,
                "frames": 1,
                "byteSize": 2_050_000,
                "sha256": A_SHA256,
                "createdAt": "2026-03-14T12:00:00.000Z",
            }
        ]
    }
    assert "link" not in answer.headers
    assert house.pages == [ListImagesRequest(house.actor, after=None, limit=20)]


def test_each_page_leads_to_the_next_until_the_last(caller: Caller, house: House) -> None:
    images = [an_image(house.user, created_at=NOON + timedelta(seconds=at)) for at in range(7)]
    house.images = {image.id: image for image in images}

    shown: list[str] = []
    address: str | None = f"{PATH}?limit=3"
    while address:
        answer = caller.simulate_get(address, headers=BEARER)
        shown += [image["imageId"] for image in answer.json["images"]]
        link = re.fullmatch('<(.+)>; rel="next"', answer.headers.get("link", ""))
        address = link[1] if link else None

    assert shown == [str(image.id) for image in reversed(images)]
    assert [request.limit for request in house.pages] == [3, 3, 3]


def test_a_list_is_its_owners(caller: Caller) -> None:
    assert problem(caller.simulate_get(PATH)) == (401, "invalid-token")


@pytest.mark.parametrize(
    "limit", ["0", "-1", "000", "1.5", "ten", "", " 5", "٣", "1_0", "0x10", "-" + "9" * 5_000]
)
def test_a_page_has_an_image_at_least(caller: Caller, house: House, limit: str) -> None:
    answer = caller.simulate_get(PATH, params={"limit": limit}, headers=BEARER)

    assert problem(answer) == (422, "invalid-parameter")
    assert answer.json["pointer"] == "/limit"
    assert not house.pages


@pytest.mark.parametrize("limit", ["100", "101", "0100", "1000000000", "9" * 5_000])
def test_a_page_has_100_images_at_most(caller: Caller, house: House, limit: str) -> None:
    answer = caller.simulate_get(PATH, params={"limit": limit}, headers=BEARER)

    assert answer.status_code == 200
    assert [request.limit for request in house.pages] == [100]


def test_a_cursor_is_a_place_and_the_other_way_round() -> None:
    assert place_of(cursor_to(A_PLACE)) == A_PLACE
    assert re.fullmatch("[A-Za-z0-9_-]+", cursor_to(A_PLACE))


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "2",
        "null",
        cursor_to(A_PLACE)[:-1],
        cursor_to(A_PLACE) + "A",
        cursor_to(A_PLACE) + "\n",
        cursor_to(A_PLACE)[:-1] + "+",
        cursor_to(A_PLACE)[:-1] + "ä",
        cursor_to(A_PLACE)[:-1] + "\0",
        "A" * 30 + "==",
        "A" * 10_000,
        urlsafe_b64encode(b"\xff" * 24).decode(),
        "A" * 32,
        "A" * 16 + cursor_to(A_PLACE),
        urlsafe_b64encode((253_402_300_800 * 10**6).to_bytes(8) + bytes(16)).decode(),
    ],
)
def test_what_is_no_cursor_is_refused(caller: Caller, house: House, cursor: str) -> None:
    answer = caller.simulate_get(PATH, params={"cursor": cursor}, headers=BEARER)

    assert problem(answer) == (400, "invalid-cursor")
    assert not house.pages


@pytest.mark.parametrize(
    "place",
    ["", "A", "A" * 30 + "==", urlsafe_b64encode(b"\xff" * 24).decode()],
    ids=["nothing", "a letter", "padded", "beyond all time"],
)
def test_what_is_no_place_is_refused_even_with_our_mark(place: str) -> None:
    seal = CursorSeal(b"k" * 32, "ada /api/images")

    assert seal.open(seal.seal(place)) == place
    with pytest.raises(InvalidParameter):
        place_of(place)


def test_a_mark_is_one_users_for_one_list() -> None:
    sealed = CursorSeal(b"k" * 32, "ada /api/images").seal("place")

    for other in (
        CursorSeal(b"k" * 32, "eve /api/images"),
        CursorSeal(b"k" * 32, "ada /api/assets"),
        CursorSeal(b"x" * 32, "ada /api/images"),
    ):
        with pytest.raises(InvalidCursor):
            other.open(sealed)


def test_a_choice_that_is_not_offered_is_refused(caller: Caller) -> None:
    answer = caller.simulate_get(f"{PATH}?status=completed", headers=BEARER)

    assert problem(answer) == (422, "unknown-member")
    assert answer.json["pointer"] == "/status"
