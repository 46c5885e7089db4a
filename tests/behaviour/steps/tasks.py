"""Steps of giving tasks up and running them again."""

import time

from pytest_bdd import given, parsers, then, when

from tests import pictures
from tests.behaviour.world import World

# Large enough for a few seconds of any machine.
SLOW = '{"resize": "5000x5000!", "filters": ["blur:35"], "format": "png"}'
PATIENCE_SECONDS = 60.0


@given("she has uploaded a photo that takes long to draw")
@when("she uploads a photo that takes long to draw")
def _(world: World) -> None:
    world.rig.paused = True
    world.upload(pictures.photo(800, 600), SLOW)
    assert world.answer.status_code == 202, world.answer.text
    world.rig.paused = False
    world.rig.ring()


@when("she cancels the task")
@given("she cancels the task")
@when("he cancels the task")
def _(world: World) -> None:
    world.ask("POST", f"/api/tasks/{world.task_id}/cancel", token=world.actor.token)


@when("she cancels the task while it is in progress")
def _(world: World) -> None:
    wait_for(lambda: world.task()["status"] == "in progress")
    world.ask("POST", f"/api/tasks/{world.task_id}/cancel", token=world.actor.token)
    assert (world.answer.status_code, world.answer.json["status"]) == (202, "cancelled")


@when("she has the task run again")
@when("he has the task run again")
def _(world: World) -> None:
    world.ask("POST", f"/api/tasks/{world.task_id}/retry", token=world.actor.token)
    if world.answer.status_code == 202:
        world.earlier, world.task_id = world.task_id, world.answer.headers["x-task-id"]
        assert world.answer.headers["location"] == f"/api/tasks/{world.task_id}"
        world.rig.work()


@then("it is another task than before")
def _(world: World) -> None:
    assert world.task_id != world.earlier
    assert world.task()["imageId"] == world.image_id


@then("the task tells of no attempt")
def _(world: World) -> None:
    task = world.task()
    assert (task["attempts"], task["log"], task["failure"]["code"]) == (0, [], "cancelled")


@then("the worker gives it up within a few seconds")
def _(world: World) -> None:
    started = time.monotonic()
    wait_for(lambda: [entry["outcome"] for entry in world.task()["log"]] == ["cancelled"])
    assert time.monotonic() - started < 5.0


@then("nobody is told of an end")
def _(world: World) -> None:
    world.rig.work()
    assert (world.task()["deliveries"], world.rig.mails()) == ([], [])


@then("the task's progress grows while she waits")
def _(world: World) -> None:
    seen = set()

    def is_done() -> bool:
        task = world.task()
        seen.add(task["progress"])
        assert task["status"] != "failed", task
        return task["status"] == "completed"

    wait_for(is_done)
    assert len(seen) > 2 and max(seen) == 100 and min(seen) < 50, sorted(seen)


@then(parsers.parse('the answer is refused as "{problem}"'))
def _(world: World, problem: str) -> None:
    assert world.answer.json["code"] == problem, world.answer.text
    assert world.answer.status_code == 409


def wait_for(condition) -> None:
    """Look again and again until *condition* holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)
