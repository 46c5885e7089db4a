"""Steps of letting one picture go."""

from pytest_bdd import given, parsers, then, when

from tests.behaviour.steps.tasks import wait_for
from tests.behaviour.world import World


def let_go(world: World, token: str | None = None) -> None:
    world.seen = [key for key in world.rig.stored() if key.startswith(_heads(world))]
    path = f"/api/images/{world.image_id}"
    answer = world.ask("DELETE", path, token=token or world.actor.token)
    if answer.status_code == 204:
        assert answer.content == b""
        world.rig.work()


@given("she lets the image go")
@when(parsers.re("(she|he) lets the image go$"))
def _(world: World) -> None:
    let_go(world)


@when("she lets the image go while it is in progress")
def _(world: World) -> None:
    wait_for(lambda: world.task()["status"] == "in progress")
    let_go(world)
    assert world.answer.status_code == 204, world.answer.text


@when("a program lets the image go with the key")
def _(world: World) -> None:
    let_go(world, world.api_key["token"])


@then("there is nothing at any address of it")
def _(world: World) -> None:
    image, task = f"/api/images/{world.image_id}", f"/api/tasks/{world.task_id}"
    for method, path in (
        ("GET", f"{image}/status"),
        ("GET", f"{image}/download"),
        ("GET", f"{image}/variants"),
        ("GET", f"{image}/analysis"),
        ("DELETE", image),
        ("GET", task),
        ("POST", f"{task}/cancel"),
        ("POST", f"{task}/retry"),
    ):
        answer = world.ask(method, path, token=world.actor.token)
        assert (answer.status_code, answer.json["code"]) == (404, "not-found"), path


@then("her list of images is empty")
def _(world: World) -> None:
    listed = world.ask("GET", "/api/images", token=world.actor.token).json["images"]
    tasks = world.ask("GET", "/api/users/me/tasks", token=world.actor.token).json["tasks"]
    assert (listed, tasks) == ([], [])


@then("it takes no room, though its task has been made")
def _(world: World) -> None:
    usage = world.ask("GET", "/api/users/me/usage", token=world.actor.token).json
    used = {name: each["used"] for name, each in usage.items()}
    assert used == {"images": 0, "bytesStored": 0, "tasksInLastDay": 1}


@then("nothing of it is in the store")
def _(world: World) -> None:
    wait_for(lambda: not [key for key in world.rig.stored() if key.startswith(_heads(world))])
    assert world.seen, "it was there before"


@then("the store still holds it")
def _(world: World) -> None:
    assert len(world.seen) == 2 and set(world.seen) <= world.rig.stored()


@then("nobody is told of it")
def _(world: World) -> None:
    world.rig.work()
    assert (world.rig.mails(), world.rig.count("deliveries")) == ([], 0)


@then("the server has been called once")
def _(world: World) -> None:
    assert len(world.server.calls) == 1


def _heads(world: World) -> tuple[str, str]:
    """Return how the keys of the image's files begin."""
    return f"{world.image_id}/", f"{world.task_id}/"
