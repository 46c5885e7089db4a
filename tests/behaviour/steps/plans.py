"""Steps of asking what will come out."""

import json
import time

from pytest_bdd import parsers, then, when

from tests.behaviour.world import World


@when(parsers.re(r"she plans (?P<options>\{.*\})$"))
def plan(world: World, options: str, **picture) -> None:
    world.earlier = world.answer
    body = {"processingOptions": json.loads(options)} | picture
    world.ask("POST", "/api/pipelines/plan", body, token=world.actor.token)


@when(
    parsers.re(
        r"she plans (?P<options>\{.*\}) for a (?P<width>\d+)x(?P<height>\d+) (?P<format>\w+)$"
    )
)
def _(world: World, options: str, width: str, height: str, format: str) -> None:
    plan(world, options, image={"format": format, "width": int(width), "height": int(height)})


@when(parsers.re(r"she plans (?P<options>\{.*\}) for that image$"))
def _(world: World, options: str) -> None:
    plan(world, options, image={"imageId": world.image_id})


@when(parsers.re(r"she plans the text (?P<text>\S+)$"))
def plan_text(world: World, text: str, **picture) -> None:
    plan(world, json.dumps(text), **picture)


@when(parsers.re(r"she plans the text (?P<text>\S+) for that image$"))
def _(world: World, text: str) -> None:
    plan_text(world, text, image={"imageId": world.image_id})


@then(parsers.parse('the plan tells the URL form "{text}"'))
def _(world: World, text: str) -> None:
    assert world.answer.json["urlForm"] == text


@then(parsers.parse('the plan foretells "{name}" as {width:d}x{height:d}'))
def _(world: World, name: str, width: int, height: int) -> None:
    assert world.answer.status_code == 200, world.answer.text
    foretold = world.answer.json["predicted"][name]
    assert (foretold["width"], foretold["height"]) == (width, height)


@then("the plan tells what it costs")
def _(world: World) -> None:
    cost = world.answer.json["cost"]
    assert cost["pixels"] == 8_000_000
    assert 50_000_000 < cost["memoryBytes"] < 150_000_000


@when("Ada asks what the server can do")
def _(world: World) -> None:
    deadline = time.monotonic() + 20
    world.ask("GET", "/api/capabilities")
    while world.answer.json["workers"]["count"] == 0 and time.monotonic() < deadline:
        time.sleep(0.2)  # until the worker's first beat
        world.ask("GET", "/api/capabilities")


@then(parsers.parse('{count:d} worker has proved that it can read and write "{format}"'))
def _(world: World, count: int, format: str) -> None:
    told = world.answer.json
    assert (told["workers"]["count"], told["formats"]["provenBy"]) == (count, "workers")
    assert format in told["formats"]["read"]
    assert format in told["formats"]["write"]


@then("both plans have the same hash")
def _(world: World) -> None:
    hashes = [answer.json["pipelineHash"] for answer in (world.earlier, world.answer)]
    assert hashes[0] == hashes[1] and len(hashes[0]) == 64


@then(parsers.parse('the plan warns of "{warning}"'))
def _(world: World, warning: str) -> None:
    assert warning in world.answer.json["warnings"]


@then(parsers.parse('the plan is refused as "{problem}"'))
def _(world: World, problem: str) -> None:
    assert (world.answer.status_code, world.answer.json["code"]) == (422, problem)
