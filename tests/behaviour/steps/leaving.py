"""Steps of giving one's account up."""

import time
from typing import Any

from pytest_bdd import given, parsers, then, when

from tests import pictures
from tests.behaviour.rig import SCENARIO_SECONDS
from tests.behaviour.world import PASSWORD, World


def give_up(world: World, password: str) -> None:
    body = {"password": password}
    answer = world.ask("DELETE", "/api/users/me", body, world.actor.token)
    if answer.status_code == 202:
        world.receipt = answer.headers["location"]


def finished_receipt(world: World) -> Any:
    give_up_at = time.monotonic() + SCENARIO_SECONDS
    while True:
        world.rig.work()
        receipt = world.ask("GET", world.receipt)
        assert receipt.status_code == 200, receipt.text
        if receipt.json["status"] == "completed":
            return receipt.json
        assert time.monotonic() < give_up_at, "it is not destroyed"
        time.sleep(0.01)


@given(parsers.re("(her|his) photo has been processed"))
def _(world: World) -> None:
    world.upload(pictures.photo())
    assert world.ask_for_link().status_code == 200


@given("she has uploaded a photo")
def _(world: World) -> None:
    assert world.upload(pictures.small_jpeg()).status_code == 202


@when("she gives her account up")
def _(world: World) -> None:
    give_up(world, PASSWORD)
    assert world.answer.status_code == 202, world.answer.text
    world.person("Ada").has_account = False


@when("somebody gives her account up who does not know her password")
def _(world: World) -> None:
    give_up(world, "a guess of theirs")


@then(parsers.re("the receipt soon says that (her|his) picture and its result are destroyed"))
def _(world: World) -> None:
    destroyed = finished_receipt(world)["destroyed"]
    assert (destroyed["images"], destroyed["tasks"], destroyed["results"]) == (1, 1, 1)
    assert (destroyed["files"], len(world.answer.json["files"])) == (2, 2)
    assert destroyed["sessions"] == 1


@then("the receipt soon says that nothing but her picture is destroyed")
def _(world: World) -> None:
    destroyed = finished_receipt(world)["destroyed"]
    assert (destroyed["images"], destroyed["cancelledTasks"], destroyed["files"]) == (1, 1, 1)
    assert "results" not in destroyed or destroyed["results"] == 0


@then(parsers.re("the store holds nothing of (hers|his)"))
def _(world: World) -> None:
    for key in world.ask("GET", world.receipt).json["files"]:
        assert key not in world.rig.stored()


@then("her link opens nothing any more")
def _(world: World) -> None:
    assert world.download().status_code == 404


@then("she cannot sign in")
def _(world: World) -> None:
    body = {"email": world.actor.email, "password": PASSWORD}
    answer = world.ask("POST", "/api/auth/login", body)
    assert (answer.status_code, answer.json["code"]) == (401, "wrong-credentials")
