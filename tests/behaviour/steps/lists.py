"""Steps of leafing through what one has."""

import re
from datetime import timedelta

from pytest_bdd import given, parsers, then, when

from tests import pictures
from tests.behaviour.world import World


@given("Ada has uploaded these photos, one after the other")
def _(world: World, datatable: list[list[str]]) -> None:
    for [name] in datatable:
        assert world.upload(pictures.small_jpeg(), file_name=name).status_code == 202
        world.rig.clock.advance(timedelta(seconds=1))


@when(parsers.re("(she asks for her|he asks for his) images"))
def _(world: World) -> None:
    ask(world, "/api/images")


@when(parsers.parse("she asks for her {limit:d} newest images"))
def _(world: World, limit: int) -> None:
    ask(world, f"/api/images?limit={limit}")


@when(parsers.parse('she asks for the images "{query}"'))
def _(world: World, query: str) -> None:
    ask(world, f"/api/images?{query}")


@when("she follows the link to the next page")
def _(world: World) -> None:
    ask(world, world.next_page)


@when(parsers.parse("she leafs through her images, {limit:d} at a time"), target_fixture="pages")
def _(world: World, limit: int) -> list[str]:
    ask(world, f"/api/images?limit={limit}")
    pages = [labels(world)]
    while world.next_page:
        ask(world, world.next_page)
        pages.append(labels(world))
    return pages


@then(parsers.re('(she|he) sees "(?P<names>[^"]*)"'))
def _(world: World, names: str) -> None:
    assert labels(world) == names


@then(parsers.parse('each of them is "{status}"'))
def _(world: World, status: str) -> None:
    assert {image["status"] for image in world.answer.json["images"]} == {status}


@then(parsers.re("the pages show (?P<expected>.+)"))
def _(pages: list[str], expected: str) -> None:
    assert pages == re.findall('"([^"]*)"', expected)


@then("the list is refused for its cursor")
def _(world: World) -> None:
    assert (world.answer.status_code, world.answer.json["code"]) == (400, "invalid-cursor")


@then(parsers.parse('the list is refused as "{problem}" at "{pointer}"'))
def _(world: World, problem: str, pointer: str) -> None:
    assert world.answer.status_code == 422
    assert (world.answer.json["code"], world.answer.json["pointer"]) == (problem, pointer)


def ask(world: World, address: str) -> None:
    """Ask for a page, and remember where the next one is."""
    link = world.ask("GET", address, token=world.actor.token).headers.get("link", "")
    match = re.fullmatch('<(.+)>; rel="next"', link)
    world.next_page = match[1] if match else None


def labels(world: World) -> str:
    """Return what the images of the last answer are called."""
    return ", ".join(image["label"] for image in world.answer.json["images"])
