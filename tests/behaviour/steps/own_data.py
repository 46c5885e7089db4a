"""Steps of the list of one's tasks, and of what is known of oneself."""

import re
from typing import Any

from pytest_bdd import given, parsers, then, when

from tests import pictures
from tests.behaviour.steps.images import broken_photo
from tests.behaviour.world import PASSWORD, World

TASKS = "/api/users/me/tasks"


def ask(world: World, path: str) -> Any:
    answer = world.ask("GET", path, token=world.actor.token)
    assert answer.status_code == 200, answer.text
    return answer


@given("she has uploaded 3 photos, one of which cannot be read")
def _(world: World) -> None:
    for content in (pictures.small_jpeg(), broken_photo(), pictures.small_jpeg()):
        assert world.upload(content).status_code == 202


@when(parsers.parse('she asks for her tasks that "{status}"'))
def _(world: World, status: str) -> None:
    world.seen = ask(world, f"{TASKS}?status={status}").json["tasks"]


@when(parsers.parse('she asks for her tasks that "{status}", one at a time'))
def _(world: World, status: str) -> None:
    world.seen, path = [], f"{TASKS}?status={status}&limit=1"
    for _ in range(10):
        answer = ask(world, path)
        world.seen += answer.json["tasks"]
        link = re.fullmatch('<(.+)>; rel="next"', answer.headers.get("link", ""))
        if link is None:
            return
        path = link[1]
    raise AssertionError("the list does not end")


@when("she asks for all that is known of her")
def _(world: World) -> None:
    ask(world, "/api/users/me/export")


@then("she sees 1 task, and why it failed")
def _(world: World) -> None:
    [task] = world.seen
    assert task["status"] == "failed" and task["failure"]["code"]


@then("she sees 2 tasks, each once")
def _(world: World) -> None:
    assert [task["status"] for task in world.seen] == ["completed"] * 2
    assert len({task["taskId"] for task in world.seen}) == 2


@then("its Link header leads to her tasks")
def _(world: World) -> None:
    assert world.answer.headers["link"] == f'<{TASKS}>; rel="related"; title="tasks"'


@then("it tells her profile and where she is signed in")
def _(world: World) -> None:
    known = world.answer.json
    assert known["profile"]["email"] == world.actor.email
    assert known["profile"]["username"] == world.actor.name
    assert [session["current"] for session in known["sessions"]].count(True) == 1
    world.earlier = world.answer


@then("it leads to her image and her task")
def _(world: World) -> None:
    lists = world.answer.json["lists"]
    assert [one["imageId"] for one in ask(world, lists["images"]).json["images"]] == [
        world.image_id
    ]
    assert [one["taskId"] for one in ask(world, lists["tasks"]).json["tasks"]] == [world.task_id]


@then("it holds no secret")
def _(world: World) -> None:
    assert world.actor.token not in world.earlier.text
    assert PASSWORD not in world.earlier.text and "argon2" not in world.earlier.text
