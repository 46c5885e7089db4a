"""Uploading: forms of every kind, good and bad."""

import json

import pytest

from domain.images.formats import ImageFormat
from domain.images.operations import AutoOrient, Resize, Watermark
from domain.images.output import Qualities
from entrypoints.http.body import READ_BYTES
from tests import bad_pictures, pictures
from tests.http.house import (
    BEARER,
    BOUNDARY,
    Caller,
    House,
    form,
    image_part,
    options_part,
    part,
    problem,
)

SMALL = pictures.small_jpeg()
LOGO = pictures.logo()


def test_an_upload_is_answered_with_the_bodies_of_the_system_design(
    caller: Caller, house: House
) -> None:
    answer = caller.upload(
        image_part(SMALL), options_part('{"resize": "800x600", "watermark": "logo.png"}')
    )

    [image_id] = house.images
    assert answer.status_code == 202
    assert answer.json == {"message": "Image uploaded successfully", "imageId": str(image_id)}
    assert answer.headers["location"] == f"/api/images/{image_id}/status"
    assert len(answer.headers["x-task-id"]) == 36
    [upload] = house.uploads
    assert upload.picture == SMALL
    assert upload.request.actor == house.actor
    assert upload.request.correlation_id == answer.headers["x-request-id"]
    assert upload.request.pipeline.operations == (
        AutoOrient(),
        Resize(800, 600),
        Watermark("logo.png"),
    )
    assert house.staging.open_now == 0


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_order_of_the_parts_is_free(
    caller: Caller, house: House, order: tuple[int, ...]
) -> None:
    parts = [
        image_part(SMALL),
        options_part('{"watermark": "logo.png", "format": "webp"}'),
        part("file", LOGO, "logo.png", "image/png"),
    ]

    answer = caller.upload(*(parts[place] for place in order))

    assert answer.status_code == 202, answer.text
    [upload] = house.uploads
    assert upload.request.pipeline.output.format is ImageFormat.WEBP
    assert upload.picture == SMALL
    assert upload.attachments == {"logo.png": LOGO}


def test_a_file_may_be_named_by_its_part(caller: Caller, house: House) -> None:
    answer = caller.upload(
        image_part(SMALL),
        part("mark", LOGO, "whatever.bin", "application/octet-stream"),
        options_part('{"watermark": "mark"}'),
    )

    assert answer.status_code == 202
    assert set(house.uploads[0].attachments) == {"mark"}


def test_options_may_come_as_a_json_file_and_may_be_left_out(caller: Caller, house: House) -> None:
    as_file = part("processingOptions", '{"quality": 50}', "blob", "application/json")

    assert caller.upload(image_part(SMALL), as_file).status_code == 202
    assert caller.upload(image_part(SMALL)).status_code == 202
    assert caller.upload(image_part(SMALL), options_part("")).status_code == 202

    assert [one.request.pipeline.output.quality for one in house.uploads] == [
        Qualities.of(50),
        Qualities(),
        Qualities(),
    ]


def test_bytes_that_look_like_a_boundary_are_kept(caller: Caller, house: House) -> None:
    tricky = SMALL + b"\r\n--471" + b"\r" * 2_500_000 + b"\r\n--4712\r\n"[:-6] + b"x"

    answer = caller.upload(image_part(tricky))

    assert answer.status_code == 202, answer.text
    assert house.uploads[0].picture == tricky


@pytest.mark.parametrize("over", range(-4, 5))
def test_a_form_may_end_anywhere_in_a_read(caller: Caller, over: int) -> None:
    """The last line break once fell into a read of its own, which the parser refused."""
    head = len(form(image_part(SMALL))) - len(f"--{BOUNDARY}--\r\n")
    padding = bytes(READ_BYTES - head + over)

    assert caller.upload(image_part(SMALL + padding)).status_code == 202


# Rows of the catalogue of bad inputs.


def test_1_an_empty_file(caller: Caller) -> None:
    assert problem(caller.upload(image_part(b""))) == (422, "empty-file")


@pytest.mark.parametrize(
    "parts",
    [
        (options_part("{}"),),
        (part("comment", "hello"),),
        (part("image", "not a file"),),
        (part("picture", SMALL, "photo.jpg"),),
    ],
)
def test_2_no_picture(caller: Caller, parts: tuple[bytes, ...]) -> None:
    assert problem(caller.upload(*parts)) == (400, "missing-part")


@pytest.mark.parametrize(
    "parts",
    [
        (image_part(SMALL), image_part(SMALL)),
        (image_part(SMALL), options_part("{}"), options_part("{}")),
        (
            image_part(SMALL),
            options_part('{"watermark": "logo.png"}'),
            part("a", LOGO, "logo.png"),
            part("b", LOGO, "logo.png"),
        ),
    ],
)
def test_3_a_part_twice(caller: Caller, house: House, parts: tuple[bytes, ...]) -> None:
    assert problem(caller.upload(*parts)) == (400, "duplicate-part")
    assert house.staging.open_now == 0


def test_4_parts_that_are_none(caller: Caller) -> None:
    nameless = part(None, SMALL, "photo.jpg")
    long_head = part("image", SMALL, "x" * 9_000)
    many = [part(f"f{number}", "x") for number in range(65)]
    folded = b'Content-Disposition: form-data;\r\n name="image"; filename="a"\r\n\r\nx'
    headless = b"\r\nno head at all"

    for parts in ((nameless,), (long_head,), many, (folded,), (headless,)):
        assert problem(caller.upload(*parts)) == (400, "malformed-multipart")


def test_4_sixty_four_parts_are_read(caller: Caller) -> None:
    parts = [part(f"f{number}", "x") for number in range(63)]

    assert problem(caller.upload(image_part(SMALL), *parts)) == (422, "unexpected-part")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_5_a_form_that_ends_early(caller: Caller, share: float) -> None:
    whole = form(image_part(SMALL))

    answer = caller.upload_body(whole[: int(len(whole) * share)])

    assert problem(answer) == (400, "malformed-multipart")
    assert caller.house.staging.open_now == 0


def test_5_a_form_without_its_end(caller: Caller) -> None:
    answer = caller.upload_body(form(image_part(SMALL), end=b""))

    assert problem(answer) == (400, "malformed-multipart")


@pytest.mark.parametrize("boundary", ["", "; boundary=", '; boundary=""', "; boundary=" + "x" * 80])
def test_5_a_boundary_that_is_none(caller: Caller, boundary: str) -> None:
    answer = caller.upload(
        image_part(SMALL), headers={"Content-Type": f"multipart/form-data{boundary}"}
    )

    assert problem(answer) == (400, "malformed-multipart")


def test_6_an_empty_body(caller: Caller) -> None:
    assert problem(caller.upload_body(b"")) == (400, "malformed-multipart")


def test_6_a_chunked_body(caller: Caller) -> None:
    answer = caller.upload(image_part(SMALL), headers={"Transfer-Encoding": "chunked"})

    assert problem(answer) == (411, "length-required")


def test_7_fewer_bytes_than_announced(caller: Caller) -> None:
    body = form(image_part(SMALL))

    answer = caller.upload_body(body, headers={"Content-Length": str(len(body) + 1)})

    assert problem(answer) == (400, "incomplete-body")


def test_8_one_byte_too_many() -> None:
    house = House(max_upload_bytes=len(SMALL))
    caller = Caller(house)

    assert caller.upload(image_part(SMALL)).status_code == 202
    assert problem(caller.upload(image_part(SMALL + b"\0"))) == (413, "content-too-large")
    assert house.staging.open_now == 0


def test_8_a_body_that_announces_too_much_is_refused_unread() -> None:
    caller = Caller(House(max_upload_bytes=1_000))

    answer = caller.upload_body(b"", headers={"Content-Length": str(1_000 + 2**20 + 1)})

    assert problem(answer) == (413, "content-too-large")


def test_9_a_compressed_body(caller: Caller) -> None:
    answer = caller.upload(image_part(SMALL), headers={"Content-Encoding": "gzip"})

    assert problem(answer) == (415, "unsupported-content-encoding")


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "C:\\x",
        "a.php\0.jpg",
        "x" * 4_000,
        "a%0D%0ASet-Cookie: b",
        "a%22b",
        "gpj.\u202e.exe",
        "été €.jpg",
    ],
)
def test_10_any_file_name(caller: Caller, house: House, name: str) -> None:
    """The name is handed on as it came; what is kept of it is the domain's to say."""
    assert caller.upload(image_part(SMALL, name)).status_code == 202
    assert house.uploads[0].request.picture.file_name


def test_10_a_file_name_in_the_extended_notation(caller: Caller) -> None:
    extended = (
        b"Content-Disposition: form-data; name=\"image\"; filename*=UTF-8''%e2%82%ac.jpg\r\n"
        b"Content-Type: image/jpeg\r\n\r\n" + SMALL
    )

    assert caller.upload(extended).status_code == 202


def _judged_by_their_header() -> list[bad_pictures.BadPicture]:
    rows = {11, 14, 15, 16, 19, 20, 21}
    return [
        bad
        for bad in bad_pictures.bad_pictures()
        if bad.row in rows and bad.must_be_refused and not bad.as_watermark
    ]


@pytest.mark.parametrize("bad", _judged_by_their_header(), ids=str)
def test_pictures_are_judged_by_their_content(caller: Caller, bad: bad_pictures.BadPicture) -> None:
    answer = caller.upload(part("image", bad.data, bad.file_name, bad.media_type))

    status, code = problem(answer)
    assert bad.allows_refusal(code), bad.expectation()
    assert status == (422 if code in ("image-too-large", "empty-file") else 415)


@pytest.mark.parametrize("bad", bad_pictures.bad_options(), ids=str)
def test_bad_options_are_refused_where_they_are_bad(
    caller: Caller, bad: bad_pictures.BadOptions
) -> None:
    sent = bad.sent if isinstance(bad.sent, bytes) else bad.sent.encode()

    answer = caller.upload(image_part(SMALL), options_part(sent))

    status, code = problem(answer)
    assert (status, code) == (400 if bad.code == "malformed-json" else 422, bad.code)
    if bad.pointer is not None:
        assert answer.json["pointer"] == bad.pointer


def test_options_have_an_end(caller: Caller) -> None:
    long = json.dumps({"resize": "800x600"}) + " " * 64 * 1024

    answer = caller.upload(image_part(SMALL), options_part(long))

    assert problem(answer) == (400, "malformed-json")


def test_parts_that_nothing_refers_to_are_refused(caller: Caller) -> None:
    for stray in (part("processing_options", "{}"), part("more", LOGO, "more.png")):
        assert problem(caller.upload(image_part(SMALL), stray)) == (422, "unexpected-part")


def test_only_forms_are_taken(caller: Caller) -> None:
    answer = caller.simulate_post("/api/images/upload", json={"image": "x"}, headers=BEARER)

    assert problem(answer) == (415, "unsupported-media-type")


def test_nobody_is_read_before_they_are_known(caller: Caller, house: House) -> None:
    answer = caller.upload(image_part(SMALL), headers={"Authorization": ""})

    assert problem(answer) == (401, "invalid-token")
    assert house.uploads == []
