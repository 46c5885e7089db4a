"""Steps of uploading, editing, following and downloading."""

import json
from datetime import timedelta

import numpy as np
from PIL import Image, ImageOps, ImageStat
from pytest_bdd import given, parsers, then, when

from tests import bad_pictures, odd_pictures, pictures
from tests.behaviour.world import World, options_text

PHOTOS = {
    "jpeg": lambda: pictures.photo(800, 600),
    "png": pictures.png_photo,
    "webp": pictures.webp_photo,
    "avif": pictures.avif_photo,
    "tiff": pictures.tiff_photo,
}

REFUSED_FILES = {
    "an empty file": lambda: b"",
    'a text named "photo.png"': lambda: b"Dear diary, today I took no photo.\n" * 40,
    "an SVG drawing": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "a PDF": lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n",
    "a tiny PNG that unfolds to 786464x32": bad_pictures.png_of_41_bytes,
    "a PNG that claims 50000x50000": lambda: bad_pictures.png_of_zeros(50_000, 50_000, 1, 0),
    "a TIFF that points beyond the disk": lambda: (
        b"II+\0\x08\0\0\0" + (1 << 50).to_bytes(8, "little") + bytes(64)
    ),
    "a file of one byte too many": lambda: (
        (photo := pictures.small_jpeg()) + bytes(25 * 1024 * 1024 + 1 - len(photo))
    ),
}

HIDEOUTS = {
    "a photo with a program in its notes": (41, "jpeg full of scripts"),
    "a photo with an archive behind it": (43, "jpeg with ZIP behind it"),
    "a photo with a web page inside": (43, "png with HTML inside"),
}


def broken_photo() -> bytes:
    """Return a photo that breaks off in the middle."""
    whole = pictures.photo(800, 600)
    return whole[: len(whole) // 2]


@given("the workers are paused")
def _(world: World) -> None:
    world.rig.paused = True


@given("3 of her tasks wait, which is as many as may")
def _(world: World) -> None:
    fill_queue(world, 3)


@given("6 tasks wait, which is as many as may wait at all")
def _(world: World) -> None:
    fill_queue(world, 3)
    world.register("Bert")
    world.sign_in("Bert")
    fill_queue(world, 3)
    world.sign_in("Ada")


def fill_queue(world: World, tasks: int) -> None:
    """Upload small photos as whoever acts, and let the moment pass that levels are kept for."""
    for _ in range(tasks):
        assert world.upload(pictures.small_jpeg()).status_code == 202
    world.rig.clock.advance(timedelta(seconds=2))


@when("the workers go on")
def _(world: World) -> None:
    world.rig.paused = False
    world.rig.work()


@given("Ada has uploaded a photo")
@when("she uploads a photo")
def _(world: World) -> None:
    assert world.upload(pictures.photo()).status_code == 202


@given("Ada has a completed image")
def _(world: World) -> None:
    world.upload(pictures.photo(), options_text(resize="300x300"))

    assert world.status() == "completed"


@when("she uploads a photo with these processing options")
@when("she uploads a 1600x1000 photo with these processing options")
def _(world: World, docstring: str) -> None:
    world.upload(pictures.photo(1600, 1000), docstring)


@when(parsers.parse("she uploads a photo with the processing options {options}"))
def _(world: World, options: str) -> None:
    world.upload(pictures.photo(800, 600), options)


@when(parsers.parse("she uploads a 1600x1000 photo with the processing options {options}"))
def _(world: World, options: str) -> None:
    world.upload(pictures.photo(1600, 1000), options)


@when(
    parsers.re(
        r"she uploads a (?P<source>jpeg|png|webp|avif|tiff) photo"
        r" with the processing options (?P<options>.+)"
    )
)
def _(world: World, source: str, options: str) -> None:
    world.upload(PHOTOS[source](), options)


@when(
    parsers.parse(
        "she uploads an animated gif of {frames:d} frames with the processing options {options}"
    )
)
def _(world: World, frames: int, options: str) -> None:
    world.upload(pictures.animated_gif(frames, (240, 180)), options)


@when("she uploads a photo that holds a GPS position")
def _(world: World) -> None:
    world.upload(pictures.gps_jpeg())


@when(parsers.re("she uploads (?P<hideout>" + "|".join(HIDEOUTS) + ")$"))
def _(world: World, hideout: str) -> None:
    row, name = HIDEOUTS[hideout]
    world.hidden = odd_pictures.named(row, name)
    world.upload(world.hidden.data)


@when("she uploads a photo to be marked with a file of her own")
def _(world: World) -> None:
    plain = pictures.encoded(Image.new("RGB", (1600, 1000), "white"), "PNG")
    mark = pictures.encoded(Image.new("RGB", (400, 250), "red"), "PNG")
    options = options_text(watermark={"image": "mine.png", "opacity": 1})
    world.upload(plain, options, attachments={"mine.png": mark})


@when(parsers.parse('she uploads a {content} photo named "{name}"'))
def _(world: World, content: str, name: str) -> None:
    world.upload(PHOTOS[content.lower()](), file_name=name)


@when(parsers.parse("she uploads a photo whose EXIF orientation is {orientation:d}"))
def _(world: World, orientation: int) -> None:
    world.upload(pictures.exif_oriented(orientation))


@when("she uploads a photo that breaks off in the middle")
def _(world: World) -> None:
    world.upload(broken_photo())


@when(
    parsers.re(
        "she uploads (?P<file>" + "|".join(REFUSED_FILES) + ")$",
    )
)
def _(world: World, file: str) -> None:
    world.upload(REFUSED_FILES[file]())


@when(parsers.parse("he asks for the status of Ada's image"))
def _(world: World) -> None:
    path = f"/api/images/{world.image_id}/status"
    world.ask("GET", path, token=world.person("Bert").token)


@when(parsers.parse('she asks for the status of image "{image_id}"'))
def _(world: World, image_id: str) -> None:
    world.ask("GET", f"/api/images/{image_id}/status", token=world.actor.token)


@when("she asks for the download link")
def _(world: World) -> None:
    world.ask_for_link()


@when("somebody alters the link")
def _(world: World) -> None:
    head, signature = world.link.rsplit("sig=", 1)
    world.link = head + "sig=" + ("A" if signature[0] != "A" else "B") + signature[1:]


@when("an hour passes")
def _(world: World) -> None:
    world.rig.clock.advance(timedelta(hours=1))


@then('she is told "Image uploaded successfully" and gets an image id')
def _(world: World) -> None:
    assert world.answer.status_code == 202
    assert world.answer.json == {
        "message": "Image uploaded successfully",
        "imageId": world.image_id,
    }
    assert world.answer.headers["location"] == f"/api/images/{world.image_id}/status"


@then("the image is soon completed")
def _(world: World) -> None:
    assert world.status() == "completed", world.task()


@then(parsers.re(r'the image is (soon )?"(?P<status>[a-z ]+)"'))
def _(world: World, status: str) -> None:
    assert world.status() == status


@then(parsers.parse('the upload is refused as "{problem}" at "{pointer}"'))
def _(world: World, problem: str, pointer: str) -> None:
    _assert_problem(world, problem)
    assert world.answer.json["pointer"] == pointer


@then(parsers.re(r'the upload is refused as "(?P<problem>[a-z-]+)"$'))
def _(world: World, problem: str) -> None:
    _assert_problem(world, problem)


@then(
    parsers.re(
        r'the upload is refused as "(?P<problem>[a-z-]+)", to be tried again in (?P<seconds>\d+) seconds'
    )
)
def _(world: World, problem: str, seconds: str) -> None:
    _assert_problem(world, problem)
    assert world.answer.headers["retry-after"] == seconds


@when("he uploads a photo")
@when("she tries to upload a photo")
def _(world: World) -> None:
    world.upload(pictures.photo())


@then("he gets an image id")
def _(world: World) -> None:
    assert world.answer.status_code == 202, world.answer.text


@then("the answer is that there is nothing by that id")
def _(world: World) -> None:
    assert world.answer.status_code == 404
    assert world.answer.json["code"] == "not-found"


@then(parsers.parse('the task says why: one of "{codes}"'))
def _(world: World, codes: str) -> None:
    assert world.task()["failure"]["code"] in codes.split(", ")


@then("the task tells of 1 attempt and the size of its result")
def _(world: World) -> None:
    task = world.task()
    result = task["results"][0]

    assert task["attempts"] == 1
    assert (result["width"], result["height"]) == world.result().size


@then(parsers.parse("the result has at most {count:d} bytes"))
def _(world: World, count: int) -> None:
    assert 0 < len(world.result_bytes()) <= count


@then(parsers.parse("the result is {width:d}x{height:d}"))
def _(world: World, width: int, height: int) -> None:
    assert world.result().size == (width, height)


@then(parsers.re(r"the result is a (?P<format>jpeg|png|webp|avif|gif|tiff)$"))
def _(world: World, format: str) -> None:
    assert world.result().format.lower() == format


@then(parsers.parse("the result has {frames:d} frames"))
def _(world: World, frames: int) -> None:
    assert world.result().n_frames == frames


@then("the result holds no GPS position")
def _(world: World) -> None:
    exif = world.result().getexif()

    assert dict(exif) == {}
    assert dict(exif.get_ifd(0x8825)) == {}


@then("nothing of what was hidden is in the result")
def _(world: World) -> None:
    result = world.result_bytes()

    assert world.hidden is not None and world.hidden.payload in world.hidden.data
    assert world.hidden.payload not in result


@then("the mark can be seen in the lower right corner")
def _(world: World) -> None:
    result = world.result().convert("RGB")
    width, height = result.size
    inside = np.asarray(result.crop((width - 200, height - 120, width - 60, height - 40)))
    outside = np.asarray(result.crop((0, 0, 200, 200)))

    assert inside[..., 0].mean() > 200
    assert inside[..., 1].mean() < 60
    assert outside.mean() > 250


@then("what has changed lies in the lower right quarter")
def _(world: World) -> None:
    changed = _changed(world)
    height, width = changed.shape
    rows, columns = np.nonzero(changed)

    assert changed.sum() > 2000
    assert rows.min() > height / 2
    assert columns.min() > width / 2


@then("every quarter of it has changed")
def _(world: World) -> None:
    changed = _changed(world)
    height, width = changed.shape

    for top in (0, height // 2):
        for left in (0, width // 2):
            assert changed[top:, left:][: height // 2, : width // 2].mean() > 0.02


def _changed(world: World) -> np.ndarray:
    before, after = (
        np.asarray(picture.convert("RGB"), dtype=int)
        for picture in (pictures.opened(world.photo), world.result())
    )
    return np.abs(before - after).max(axis=2) > 16


@then("the result looks upright")
def _(world: World) -> None:
    assert pictures.similarity(world.result_bytes(), pictures.upright()) > 0.9


@then("the result looks like the photo")
def _(world: World) -> None:
    assert pictures.similarity(world.result_bytes(), world.photo) > 0.8


@then("the result has no colour")
@then("the result is without colour")
def _(world: World) -> None:
    saturation = world.result().convert("RGB").convert("HSV").getchannel("S")

    assert ImageStat.Stat(saturation).mean[0] < 4


@then("the result is softer than the photo")
def _(world: World) -> None:
    assert _detail(world.result()) < 0.6 * _detail(pictures.opened(world.photo))


@then("the result is crisper than the photo")
def _(world: World) -> None:
    assert _detail(world.result()) > 1.1 * _detail(pictures.opened(world.photo))


@then("the result is its negative")
def _(world: World) -> None:
    negative = ImageOps.invert(pictures.opened(world.photo).convert("RGB"))

    assert pictures.similarity(world.result_bytes(), negative) > 0.9


@then("the result is brown")
def _(world: World) -> None:
    red, green, blue = ImageStat.Stat(world.result().convert("RGB")).mean

    assert red > green > blue > 0.6 * red


@then("the result is mirrored left to right")
def _(world: World) -> None:
    mirrored = pictures.opened(world.photo).transpose(Image.Transpose.FLIP_LEFT_RIGHT)

    assert pictures.similarity(world.result_bytes(), mirrored) > 0.9


@then("the link opens the result without a token")
def _(world: World) -> None:
    opened = world.download()

    assert opened.status_code == 200
    assert pictures.size_of(opened.content) == (300, 225)


@then("the browser is told to save it under the name of the upload")
def _(world: World) -> None:
    disposition = world.download().headers["content-disposition"]

    assert disposition.startswith("attachment")
    assert "holiday.jpg" in disposition


@then("the link gives the first 100 bytes when asked for them")
def _(world: World) -> None:
    whole = world.download()
    part = world.download(Range="bytes=0-99")

    assert part.status_code == 206
    assert part.content == whole.content[:100]


@then('the link answers "not modified" to whoever has the result already')
def _(world: World) -> None:
    whole = world.download()
    again = world.download(**{"If-None-Match": whole.headers["etag"]})

    assert again.status_code == 304


@then("the altered link opens nothing")
def _(world: World) -> None:
    assert world.download().status_code == 403


@then("the link has expired")
def _(world: World) -> None:
    assert world.download().status_code == 410


@then("she is told that the image is not ready")
def _(world: World) -> None:
    assert world.answer.status_code == 409
    assert world.answer.json["code"] == "not-ready"
    assert int(world.answer.headers["retry-after"]) >= 1


def _assert_problem(world: World, problem: str) -> None:
    body = json.loads(world.answer.content)
    assert world.answer.status_code in {*range(400, 500), 503}, body
    assert world.answer.headers["content-type"].startswith("application/problem+json")
    assert body["type"] == f"/problems/{problem}", body
    assert body["code"] == problem


def _detail(picture: Image.Image) -> float:
    grey = np.asarray(picture.convert("L"), dtype=float)
    return float(np.abs(np.diff(grey, axis=1)).mean())
