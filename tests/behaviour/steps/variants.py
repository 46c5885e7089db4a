"""Steps of several results of one upload."""

import io
import json

from PIL import Image
from pytest_bdd import parsers, then, when

from tests.behaviour.world import World


@then("its results are")
def _(world: World, datatable: list[list[str]]) -> None:
    names, *rows = datatable
    expected = [dict(zip(names, row, strict=True)) for row in rows]

    assert [
        {
            "name": one["variant"],
            "format": one["format"],
            "width": str(one["width"]),
            "height": str(one["height"]),
        }
        for one in variants(world)
    ] == expected


@then("each has a link that opens it")
def _(world: World) -> None:
    for one in variants(world):
        opened = world.download(one["downloadUrl"])
        assert opened.status_code == 200
        assert len(opened.content) == one["byteSize"]
        assert (one["variant"] == "main") != (
            one["variant"] in opened.headers["content-disposition"]
        )


@when(parsers.parse('she asks for the download of "{variant}"'))
def ask_for(world: World, variant: str) -> None:
    world.ask(
        "GET",
        f"/api/images/{world.image_id}/download?variant={variant}",
        token=world.actor.token,
    )


@then(parsers.parse('the download of "{variant}" is a {width:d}x{height:d} {format}'))
def _(world: World, variant: str, width: int, height: int, format: str) -> None:
    ask_for(world, variant)
    content = world.download(world.answer.json["downloadUrl"]).content
    picture = Image.open(io.BytesIO(content))
    assert (picture.size, picture.format.lower()) == ((width, height), format)


@then(parsers.parse('the server is told of the variant "{variant}" with a link that opens it'))
def _(world: World, variant: str) -> None:
    [call] = world.server.calls
    [told] = json.loads(call.body)["data"]["variants"]
    assert told["variant"] == variant
    assert len(world.download(told["downloadUrl"]).content) == told["byteSize"]


def variants(world: World) -> list[dict]:
    """Return what the API lists of the scenario's image."""
    answer = world.ask("GET", f"/api/images/{world.image_id}/variants", token=world.actor.token)
    assert answer.status_code == 200, answer.text
    return answer.json["variants"]
