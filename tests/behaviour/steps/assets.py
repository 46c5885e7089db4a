"""Steps of keeping pictures and fonts, and of naming them."""

import numpy as np
from PIL import Image
from pytest_bdd import given, parsers, then, when
from scipy.ndimage import find_objects, label

from tests import pictures
from tests.behaviour.steps.images import REFUSED_FILES
from tests.behaviour.world import World
from tests.fonts import box_font, broken_outlines
from tests.malware import EICAR

FILES = {
    **REFUSED_FILES,
    "a red square": lambda: pictures.encoded(Image.new("RGB", (40, 40), "red"), "PNG"),
    "a font of boxes": box_font,
    "a font of broken outlines": broken_outlines,
    "a red square with EICAR behind it": lambda: FILES["a red square"]() + EICAR,
    "a font of boxes with EICAR behind it": lambda: box_font() + EICAR,
    "half a font": lambda: box_font()[: len(box_font()) // 2],
    "a compressed web font": lambda: b"wOF2" + bytes(200),
}


@given(parsers.re(r'she (?P<how>keeps|shares) (?P<file>.+) as "(?P<name>[^"]*)"'))
@when(parsers.re(r'she (?P<how>keeps|shares) (?P<file>.+) as "(?P<name>[^"]*)"'))
def _(world: World, how: str, file: str, name: str) -> None:
    world.keep(FILES[file](), name, shared=how == "shares")


@when(
    parsers.re(
        r"she uploads a white sheet( with (?P<file>.+) as \"(?P<name>[^\"]*)\" and)?"
        r"( with)? the processing options (?P<options>.+)"
    )
)
def _(world: World, file: str | None, name: str | None, options: str) -> None:
    sheet = pictures.encoded(Image.new("RGB", (400, 200), "white"), "PNG")
    world.upload(sheet, options, attachments={name: FILES[file]()} if name else None)


@given(parsers.parse("she uploads a photo with the processing options {options}"))
@when(parsers.parse("he uploads a photo with the processing options {options}"))
def _(world: World, options: str) -> None:
    world.upload(pictures.photo(), options)


@when(parsers.re(r"(she|he) looks through (her|his) assets"))
def _(world: World) -> None:
    world.ask("GET", "/api/assets", token=world.actor.token)


@when(parsers.re(r'(she|he) deletes the (?P<shared>shared )?asset "(?P<name>[^"]*)"'))
def _(world: World, shared: str | None, name: str) -> None:
    query = "?shared=true" if shared else ""
    world.ask("DELETE", f"/api/assets/{name}{query}", token=world.actor.token)


@then(parsers.parse('she is told that "{name}" is a {kind} of her own'))
def _(world: World, name: str, kind: str) -> None:
    assert world.answer.status_code == 201, world.answer.text
    told = world.answer.json
    assert (told["name"], told["kind"], told["shared"]) == (name, kind, False)
    place = world.answer.headers["location"]
    assert world.ask("GET", place, token=world.actor.token).json == told


@then(parsers.re(r'(she|he) sees the assets "(?P<names>[^"]*)"'))
def _(world: World, names: str) -> None:
    assert ", ".join(asset["name"] for asset in world.answer.json["assets"]) == names


@then("the asset is gone")
def _(world: World) -> None:
    assert world.answer.status_code == 204


@then("the answer is that there is no such asset")
def _(world: World) -> None:
    assert (world.answer.status_code, world.answer.json["code"]) == (404, "not-found")


@then(parsers.re(r'the (asset|upload) is refused as "(?P<problem>[a-z-]+)" with (?P<status>\d+)'))
def _(world: World, problem: str, status: str) -> None:
    assert (world.answer.json["code"], world.answer.status_code) == (problem, int(status))


@then("its middle is red")
def _(world: World) -> None:
    picture = world.result().convert("RGB")
    assert picture.getpixel((picture.width // 2, picture.height // 2)) == (255, 0, 0)


@then(parsers.parse("on it stand {number:d} boxes of {width:d} by {height:d} pixels"))
def _(world: World, number: int, width: int, height: int) -> None:
    dark = np.asarray(world.result().convert("L")) < 128
    boxes = find_objects(label(dark)[0])
    assert [(box[1].stop - box[1].start, box[0].stop - box[0].start) for box in boxes] == [
        (width, height)
    ] * number
