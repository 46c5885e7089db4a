"""Steps of asking what a picture is."""

import json

from PIL import Image
from pytest_bdd import parsers, then, when

from tests import pictures
from tests.behaviour.world import World, options_text


@when("she uploads a photo that lies on its side with these processing options")
def _(world: World, docstring: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    on_its_side = pictures.encoded(pictures.view(800, 600), "JPEG", quality=90, exif=exif)
    world.upload(on_its_side, docstring)
    world.asked = json.loads(docstring)["analyze"]


@when(parsers.re(r"she uploads it again with the processing options (?P<options>\{.*\})$"))
def _(world: World, options: str) -> None:
    world.earlier = analysis(world)
    world.upload(pictures.photo(), options)


@when("she uploads a photo that tells where and by whom it was taken, and asks for its exif")
def _(world: World) -> None:
    world.upload(pictures.gps_jpeg(), options_text(analyze=["exif"]))


@when("she asks for the analysis")
def ask(world: World) -> None:
    world.ask("GET", f"/api/images/{world.image_id}/analysis", token=world.actor.token)


@when("Bert asks for the analysis")
def _(world: World) -> None:
    world.register("Bert")
    world.sign_in("Bert")
    ask(world)


@then(
    parsers.parse(
        "the analysis tells of a {width:d}x{height:d} {format}, stored with orientation {turn:d}"
    )
)
def _(world: World, width: int, height: int, format: str, turn: int) -> None:
    assert analysis(world)["dimensions"] == {
        "width": width,
        "height": height,
        "frames": 1,
        "orientation": turn,
        "format": format,
        "hasAlpha": False,
    }


@then("the analysis tells all that was asked")
def _(world: World) -> None:
    assert list(analysis(world)) == (world.asked or ["phash"])


@then("the task tells the same analysis")
def _(world: World) -> None:
    assert world.task()["analysis"] == analysis(world)


@then(parsers.parse('the task tells how long "{stage}" took'))
def _(world: World, stage: str) -> None:
    [entry] = world.task()["log"]
    assert entry["stageSeconds"][stage] > 0


@then("both analyses are about alike")
def _(world: World) -> None:
    before, after = world.earlier, analysis(world)
    assert (int(before["phash"], 16) ^ int(after["phash"], 16)).bit_count() <= 4
    colors = [bytes.fromhex(one["averageColor"][1:]) for one in (before, after)]
    assert all(abs(one - other) <= 3 for one, other in zip(*colors, strict=True))


@then("the analysis tells the make of the camera and no secret")
def _(world: World) -> None:
    make, serial_number, owner = pictures.MADE_BY_CAMERA
    assert analysis(world) == {"exif": {"make": make, "orientation": 1}}
    assert serial_number not in world.answer.text and owner not in world.answer.text


@then("the server is told of the analysis")
def _(world: World) -> None:
    [call] = world.server.calls
    assert json.loads(call.body)["data"]["analysis"] == analysis(world)


@then(parsers.parse('the answer is "{code}" with status {status:d}, to be asked again soon'))
def _(world: World, code: str, status: int) -> None:
    assert (world.answer.json["code"], world.answer.status_code) == (code, status)
    assert world.answer.headers["retry-after"] == "1"


@then(parsers.re(r'the answer is "(?P<code>[a-z-]+)" with status (?P<status>\d+)$'))
def _(world: World, code: str, status: str) -> None:
    assert (world.answer.json["code"], world.answer.status_code) == (code, int(status))


def analysis(world: World) -> dict:
    """Return the analysis of the scenario's image, as the API tells it."""
    ask(world)
    assert world.answer.status_code == 200, world.answer.text
    return world.answer.json
