"""Real pictures, and bad ones, all the way through a running platform."""

import io
import json

import pytest
from PIL import Image

from tests import pictures
from tests.bad_pictures import bad_pictures
from tests.odd_pictures import odd_pictures, odd_requests
from tests.fronted import FrontedPlatform

LARGE = {
    "12 MP baseline JPEG": pictures.photo_12mp,
    "12 MP progressive JPEG": pictures.progressive_12mp,
    "48 MP JPEG": pictures.photo_48mp,
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_photograph_becomes_a_marked_small_one(platform: FrontedPlatform, name: str):
    photo = LARGE[name]()

    uploaded = platform.upload(photo, resize="800x600", watermark="logo.png")
    platform.wait_for_status(uploaded.task_id, "completed")

    plain = pictures.opened(photo)
    plain.thumbnail((800, 600), Image.Resampling.LANCZOS)
    result = pictures.opened(platform.result(uploaded.image_id))
    assert result.size == plain.size
    assert result.format == "JPEG"
    left = (0, 0, result.width // 2, result.height // 2)
    corner = (result.width * 3 // 4, result.height * 4 // 5, result.width, result.height)
    assert pictures.similarity(result.crop(left), plain.crop(left)) > 0.88
    assert pictures.similarity(result.crop(corner), plain.crop(corner)) < 0.85, "no mark"


@pytest.mark.parametrize("name", sorted(pictures.all_formats()))
def test_every_kind_of_picture_comes_out_as_it_went_in(platform: FrontedPlatform, name: str):
    picture = pictures.all_formats()[name]

    uploaded = platform.upload(picture, resize="200x200")
    platform.wait_for_status(uploaded.task_id, "completed")

    result = platform.result(uploaded.image_id)
    assert max(pictures.size_of(result)) <= 200
    assert pictures.format_of(result) == pictures.format_of(picture)
    assert pictures.frames_of(result) == pictures.frames_of(picture)
    assert pictures.similarity(result, picture) > 0.8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(platform: FrontedPlatform, orientation: int):
    uploaded = platform.upload(pictures.exif_oriented(orientation))
    platform.wait_for_status(uploaded.task_id, "completed")

    result = platform.result(uploaded.image_id)
    assert pictures.similarity(result, pictures.upright()) > 0.9
    assert dict(Image.open(io.BytesIO(result)).getexif()) == {}


def test_a_cmyk_photograph_keeps_its_look(platform: FrontedPlatform):
    uploaded = platform.upload(pictures.cmyk_jpeg(), resize="300x300", format="png")
    platform.wait_for_status(uploaded.task_id, "completed")

    result = pictures.opened(platform.result(uploaded.image_id))
    assert result.mode == "RGB"
    assert pictures.similarity(result, pictures.cmyk_jpeg()) > 0.8


def test_no_bad_picture_gets_a_5xx_or_takes_the_worker_down(platform: FrontedPlatform):
    """One loop rather than one test a picture: the tasks run side by side and take seconds."""
    before = platform.pids()
    good = pictures.photo()
    wrong, accepted = [], []
    for bad in (*bad_pictures(), *odd_pictures(), *odd_requests()):
        if bad.as_watermark:
            options = json.dumps({"watermark": "mark.png"})
            answer = platform.post_image(good, options, mark=("mark.png", bad.data))
        else:
            answer = platform.post_image(bad.data, bad.options)
        if answer.status_code == 202:
            accepted.append((bad, answer.headers["X-Task-Id"], answer.json()["imageId"]))
            if bad.must_be_refused:
                wrong.append(f"accepted, but {bad.expectation()}")
        elif not bad.allows_refusal(answer.json()["code"]) or answer.status_code >= 500:
            wrong.append(f"{answer.status_code} {answer.json()['code']}, but {bad.expectation()}")
    for bad, task_id, image_id in accepted:
        platform.wait_for_status(task_id, "completed", "failed", seconds=60)
        failure = platform.task(task_id).get("failure")
        code = failure["code"] if failure else None
        if not bad.must_be_refused and not bad.allows_outcome(code):
            wrong.append(f"ended as {code or 'completed'}, but {bad.expectation()}")
        if code is None and bad.payload:
            result = platform.result(image_id)
            if bad.payload in result:
                wrong.append(f"the payload survived: {bad}")
            if bad.row == 40 and Image.open(io.BytesIO(result)).getexif().get_ifd(0x8825):
                wrong.append(f"the position survived: {bad}")

    assert wrong == []
    assert platform.pids() == before, "a process died of a picture"
