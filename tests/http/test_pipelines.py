"""Asking what a pipeline means, and what the server can do."""

from uuid import uuid4

import pytest

from domain.images.analysis import Aspect
from domain.images.formats import ImageFormat
from domain.images.operations import OPERATION_NAMES, AutoOrient, Resize
from domain.images.output import Output
from domain.images.pipeline import USUAL_SAMPLING, Pipeline
from application.workers.tell_abilities import Seen
from domain.images.formats import ImageFormat
from domain.images.image import Coding
from domain.images.operations import OPERATION_NAMES, AutoOrient, Font, Resize
from domain.images.prediction import Facts
from tests.builders import an_image
from tests.http.house import BEARER, Caller, House, problem

PLAN = "/api/pipelines/plan"


def test_a_plan_is_told(caller: Caller, house: House) -> None:
    answer = caller.simulate_post(
        PLAN,
        json={
            "processingOptions": {"resize": "800x600"},
            "image": {"format": "jpeg", "width": 4000, "height": 3000, "orientation": 6},
        },
        headers=BEARER,
    )

    assert answer.status_code == 200
    assert answer.json == {
        "pipeline": {"version": 1},
        "pipelineHash": "ab" * 32,
        "preset": None,
        "urlForm": "out:format=same",
        "predicted": None,
        "warnings": ["a warning"],
        "cost": None,
    }
    [request] = house.plans
    assert request.facts == Facts(ImageFormat.JPEG, 4000, 3000, orientation=6)
    assert request.pipeline.operations == (AutoOrient(), Resize(800, 600))


def test_text_in_the_url_form_is_planned_too(caller: Caller, house: House) -> None:
    answer = caller.simulate_post(
        PLAN, json={"processingOptions": "resize:w=800,h=600/out:format=webp"}, headers=BEARER
    )

    assert answer.status_code == 200
    [request] = house.plans
    assert request.pipeline == Pipeline(
        (AutoOrient(), Resize(800, 600)), Output(ImageFormat.WEBP), sampling=USUAL_SAMPLING
    )


def test_of_an_image_that_is_there(caller: Caller, house: House) -> None:
    image = an_image()
    house.images[image.id] = image

    known = caller.simulate_post(PLAN, json={"image": {"imageId": str(image.id)}}, headers=BEARER)
    unknown = caller.simulate_post(PLAN, json={"image": {"imageId": str(uuid4())}}, headers=BEARER)

    assert known.status_code == 200
    assert problem(unknown) == (404, "not-found")


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (
            {"processingOptions": {"resize": "big"}},
            "invalid-parameter",
            "/processingOptions/resize",
        ),
        ({"processingOptions": {"resiz": "8x8"}}, "unknown-member", "/processingOptions/resiz"),
        ({"processingOptions": []}, "invalid-parameter", "/processingOptions"),
        (
            {"processingOptions": "negate/blur:sigma=x"},
            "invalid-parameter",
            "/processingOptions/pipeline/1/sigma",
        ),
        (
            {"processingOptions": "out:format=png,glow=1"},
            "unknown-member",
            "/processingOptions/output/glow",
        ),
        ({"image": {"width": 5}}, "invalid-parameter", "/image"),
        (
            {"image": {"format": "jpeg", "width": 0, "height": 1}},
            "invalid-parameter",
            "/image/width",
        ),
        (
            {"image": {"format": "bmp", "width": 1, "height": 1}},
            "invalid-parameter",
            "/image/format",
        ),
        (
            {"image": {"format": "png", "width": 1, "height": 1, "orientation": 9}},
            "invalid-parameter",
            "/image/orientation",
        ),
        (
            {"image": {"format": "png", "width": 1, "height": 1, "bitDepth": 17}},
            "invalid-parameter",
            "/image/bitDepth",
        ),
        ({"image": []}, "invalid-parameter", "/image"),
        ({"picture": {}}, "unknown-member", "/picture"),
    ],
)
def test_refusals_point_to_what_is_wrong(caller: Caller, body, code, pointer) -> None:
    answer = caller.simulate_post(PLAN, json=body, headers=BEARER)

    assert problem(answer) == (422, code)
    assert answer.json["pointer"] == pointer


def test_strangers_plan_nothing(caller: Caller) -> None:
    assert caller.simulate_post(PLAN, json={}).status_code == 401


def test_more_may_be_told_of_the_picture(caller: Caller, house: House) -> None:
    picture = {"format": "jpeg", "width": 40, "height": 30}

    caller.simulate_post(
        PLAN,
        json={"image": picture | {"progressive": False, "alpha": True, "bitDepth": 16}},
        headers=BEARER,
    )

    [request] = house.plans
    assert request.facts.coding == Coding(in_passes=False, alpha=True, bits=16)


def test_what_the_server_can_do_is_no_secret(caller: Caller, house: House) -> None:
    answer = caller.simulate_get("/api/capabilities")

    assert answer.status_code == 200
    assert answer.json["operations"] == list(OPERATION_NAMES)
    assert answer.json["analyses"] == [aspect.value for aspect in Aspect]
    assert answer.json["formats"]["animated"] == ["webp", "gif"]
    assert answer.json["limits"]["uploadBytes"] == house.policy.max_bytes
    assert "max-age" in answer.headers["cache-control"]


def test_while_no_worker_has_told_of_itself_the_language_alone_is_known(caller: Caller) -> None:
    answer = caller.simulate_get("/api/capabilities").json

    assert answer["workers"] == {"count": 0, "libvips": [], "someRead": [], "someWrite": []}
    assert answer["formats"] == {
        "read": ["jpeg", "png", "webp", "avif", "gif", "tiff"],
        "write": ["same", "auto", "jpeg", "png", "webp", "avif", "gif", "tiff"],
        "animated": ["webp", "gif"],
        "provenBy": None,
    }
    assert answer["fonts"] == ["sans", "serif"]


def test_formats_are_those_of_the_workers_that_run(caller: Caller, house: House) -> None:
    house.seen = Seen(
        workers=2,
        libvips=("8.18.3", "8.18.7"),
        reads=(ImageFormat.JPEG, ImageFormat.AVIF),
        writes=(ImageFormat.JPEG, ImageFormat.GIF),
        partly_writes=(ImageFormat.AVIF,),
        fonts=(Font.SERIF,),
    )

    answer = caller.simulate_get("/api/capabilities").json

    assert answer["workers"] == {
        "count": 2,
        "libvips": ["8.18.3", "8.18.7"],
        "someRead": [],
        "someWrite": ["avif"],
    }
    assert answer["formats"] == {
        "read": ["jpeg", "avif"],
        "write": ["same", "auto", "jpeg", "gif"],
        "animated": ["gif"],
        "provenBy": "workers",
    }
    assert answer["fonts"] == ["serif"]
