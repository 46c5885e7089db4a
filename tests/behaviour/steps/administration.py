"""Steps of whoever looks after the platform."""

from typing import Any

from falcon.testing import Result
from pytest_bdd import given, parsers, then, when

from tests import pictures
from tests.behaviour.world import PASSWORD, World

USERS = "/api/admin/users"
AUDIT = "/api/admin/audit"


def account_of(world: World, name: str) -> str:
    """Return the address of an account under /api/admin, as an operator would know it."""
    return f"{USERS}/{world.rig.user_id_of(world.person(name).email)}"


def change(world: World, name: str, body: dict[str, Any]) -> None:
    world.ask("PATCH", account_of(world, name), body, world.actor.token)


@when(parsers.parse('she looks for accounts that begin with "{text}"'))
def _(world: World, text: str) -> None:
    answer = world.ask("GET", f"{USERS}?q={text}", token=world.actor.token)
    world.asked = [user["username"] for user in answer.json.get("users", [])]


@when("she looks for all accounts, one a page")
def _(world: World) -> None:
    world.asked = []
    path: str | None = f"{USERS}?limit=1"
    while path is not None:
        answer = world.ask("GET", path, token=world.actor.token)
        assert answer.status_code == 200, answer.text
        world.asked += [user["username"] for user in answer.json["users"]]
        link = answer.headers.get("link")
        path = None if link is None else link.partition(">")[0].removeprefix("<")


@then(parsers.re(r"she sees the accounts of (?P<names>.+)"))
def _(world: World, names: str) -> None:
    assert world.asked == [world.person(name).name for name in names.split(" and ")]


@when("he looks for accounts as an admin would")
def _(world: World) -> None:
    world.ask("GET", USERS, token=world.actor.token)


@when("he disables Ada as an admin would")
def _(world: World) -> None:
    change(world, "Ada", {"disabled": True})


@when("he reads the audit trail as an admin would")
@when("she reads the audit trail")
def _(world: World) -> None:
    world.ask("GET", AUDIT, token=world.actor.token)


@when(parsers.re(r"she (?P<does>disables|enables) (?P<name>\w+)"))
def _(world: World, does: str, name: str) -> None:
    change(world, name, {"disabled": does == "disables"})
    assert world.answer is not None
    assert world.answer.status_code == 200, world.answer.text


@when(parsers.parse('she takes the role "admin" from {name:w}'))
def _(world: World, name: str) -> None:
    change(world, name, {"roles": ["user"]})


@when(parsers.parse('she gives the role "admin" to {name:w}'))
def _(world: World, name: str) -> None:
    change(world, name, {"roles": ["user", "admin"]})


@when("she erases Bert's account")
def _(world: World) -> None:
    answer = world.ask("DELETE", account_of(world, "Bert"), token=world.actor.token)
    assert answer.status_code == 202, answer.text
    world.receipt = answer.headers["location"]


@when("she erases her own account as if it were another's")
def _(world: World) -> None:
    world.ask("DELETE", account_of(world, "Ada"), token=world.actor.token)


@then("it is done")
def _(world: World) -> None:
    assert world.answer is not None
    assert world.answer.status_code == 200, world.answer.text


@then("Bert's token opens nothing")
def _(world: World) -> None:
    answer = world.ask("GET", "/api/users/profile", token=world.person("Bert").token)
    assert (answer.status_code, answer.json["code"]) == (401, "invalid-token")


@then("Bert's token opens his profile")
def _(world: World) -> None:
    answer = world.ask("GET", "/api/users/profile", token=world.person("Bert").token)
    assert answer.json["email"] == world.person("Bert").email


@then("Bert cannot sign in, and is told no more than with a wrong password")
def _(world: World) -> None:
    told = []
    for password in (PASSWORD, "wrong-password"):
        body = {"email": world.person("Bert").email, "password": password}
        answer = world.ask("POST", "/api/auth/login", body)
        assert answer.status_code == 401
        told.append({**answer.json, "requestId": None})
    assert told[0] == told[1]


@then(parsers.parse('its newest entry is that {who:w} did "{action}" to {whom:w} from an address'))
def _(world: World, who: str, action: str, whom: str) -> None:
    assert world.answer is not None
    entry = world.answer.json["entries"][0]
    ids = [world.rig.user_id_of(world.person(name).email) for name in (who, whom)]
    assert (entry["action"], entry["outcome"]) == (action, "done")
    assert (entry["userId"], entry["subject"]) == (ids[0], f"user:{ids[1]}")
    assert entry["address"] == "127.0.0.1"


@given("she uploads a photo that broke off in the middle")
def _(world: World) -> None:
    photo = pictures.small_jpeg()
    world.upload(photo[: len(photo) // 2])
    assert world.status() == "failed"


@when("she looks through the failed tasks")
def _(world: World) -> None:
    world.ask("GET", "/api/admin/tasks?status=failed", token=world.actor.token)


@then("she sees that task")
def _(world: World) -> None:
    assert world.answer is not None
    assert [task["taskId"] for task in world.answer.json["tasks"]] == [world.task_id]


@when(parsers.re(r"she (?P<does>puts that task back|gives that task up)"))
def _(world: World, does: str) -> None:
    answer = decide(world, "requeue" if "back" in does else "drop")
    assert answer.status_code == 204, answer.text
    world.rig.work()


@then("nobody can put it back")
def _(world: World) -> None:
    answer = decide(world, "requeue")
    assert (answer.status_code, answer.json["code"]) == (409, "illegal-transition")


def decide(world: World, decision: str) -> Result:
    path = f"/api/admin/tasks/{world.task_id}/{decision}"
    return world.ask("POST", path, token=world.actor.token)


@then(parsers.parse("the log tells of {count:d} attempts at it"))
def _(world: World, count: int) -> None:
    query = f"taskId={world.task_id}&outcome=failed"
    answer = world.ask("GET", f"/api/admin/logs?{query}", token=world.actor.token)
    assert len(answer.json["log"]) == count, answer.text


@when("she looks at the queues")
def _(world: World) -> None:
    world.ask("GET", "/api/admin/queues", token=world.actor.token)


@then("1 task is queued")
def _(world: World) -> None:
    assert world.answer is not None
    assert world.answer.json["tasks"] == {"queued": 1, "in progress": 0}
