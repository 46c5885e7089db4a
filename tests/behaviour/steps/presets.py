"""Steps of presets."""

import json
from typing import Any

from pytest_bdd import given, parsers, then, when

from tests import pictures
from tests.behaviour.world import World, options_text


@given(
    parsers.re(
        r'she has made the (?P<locked>locked )?preset "(?P<name>[^"]+)" of (?P<options>\{.*\})$'
    )
)
def _(world: World, locked: str | None, name: str, options: str) -> None:
    make(world, name, options, locked=bool(locked))
    assert world.answer.status_code == 201, world.answer.text


@when(parsers.re(r'she makes the preset "(?P<name>[^"]+)" of (?P<options>\{.*\})$'))
def _(world: World, name: str, options: str) -> None:
    make(world, name, options)


@when(
    parsers.re(
        r'she makes the preset "(?P<name>[^"]+)" of (?P<options>\{.*\}) twice under the key "(?P<key>[^"]+)"'
    )
)
def _(world: World, name: str, options: str, key: str) -> None:
    make(world, name, options, key=key)
    world.earlier = world.answer
    make(world, name, options, key=key)


@when(parsers.re(r'she shares the preset "(?P<name>[^"]+)" of (?P<options>\{.*\})$'))
def _(world: World, name: str, options: str) -> None:
    make(world, name, options, shared=True)


@given(
    parsers.re(r'Bert is an admin who shares the preset "(?P<name>[^"]+)" of (?P<options>\{.*\})$')
)
def _(world: World, name: str, options: str) -> None:
    world.register("Bert")
    world.rig.make_admin(world.person("Bert").email)
    world.sign_in("Bert")
    make(world, name, options, shared=True)
    assert world.answer.status_code == 201, world.answer.text


@given("users are confined to shared presets")
def _(world: World) -> None:
    world.rig.confine_users()


@when(
    parsers.re(
        r'she changes the (?P<shared>shared )?preset "(?P<name>[^"]+)" to (?P<options>\{.*\})$'
    )
)
def _(world: World, shared: str | None, name: str, options: str) -> None:
    body = {"processingOptions": json.loads(options)}
    query = "?shared=true" if shared else ""
    world.ask("PUT", f"/api/presets/{name}{query}", body, token=world.actor.token)


@when(parsers.parse('she looks at the preset "{name}"'))
def _(world: World, name: str) -> None:
    world.earlier = world.ask("GET", f"/api/presets/{name}", token=world.actor.token)
    assert world.earlier.status_code == 200


@when(parsers.re(r"she changes the preset that she looked at to (?P<options>\{.*\})$"))
def _(world: World, options: str) -> None:
    world.answer = world.rig.client.simulate_put(
        f"/api/presets/{world.earlier.json['name']}",
        json={"processingOptions": json.loads(options)},
        headers={
            "Authorization": f"Bearer {world.actor.token}",
            "If-Match": world.earlier.headers["etag"],
        },
    )


@when(parsers.parse('she removes the preset "{name}"'))
def _(world: World, name: str) -> None:
    world.ask("DELETE", f"/api/presets/{name}", token=world.actor.token)


@when(parsers.parse('he uploads a photo by the preset "{name}"'))
def _(world: World, name: str) -> None:
    world.upload(pictures.photo(), options_text(preset=name))


@given(parsers.parse('she has made a key for the preset "{name}"'))
def _(world: World, name: str) -> None:
    body = {"name": "counter", "scopes": ["images:read", "images:write"], "presets": [name]}
    answer = world.ask("POST", "/api/api-keys", body, world.actor.token)
    assert answer.status_code == 201, answer.text
    world.api_key = answer.json


@when(parsers.re(r"a program uploads a photo with the key and (?P<options>\{.*\})$"))
def _(world: World, options: str) -> None:
    world.upload(pictures.photo(), options, token=world.api_key["token"])


@then(parsers.parse('the task was asked for by "{preset}"'))
def _(world: World, preset: str) -> None:
    assert world.task()["preset"] == preset


@then(parsers.parse('the plan was made of "{preset}"'))
def _(world: World, preset: str) -> None:
    assert world.answer.json["preset"] == preset


@then(parsers.parse('the preset "{name}" has the versions "{numbers}"'))
def _(world: World, name: str, numbers: str) -> None:
    address = f"/api/presets/{name}/versions"
    answer = world.ask("GET", address, token=world.actor.token)
    assert [str(one["version"]) for one in answer.json["versions"]] == numbers.split(", ")
    for one in answer.json["versions"]:
        shown = world.ask("GET", f"{address}/{one['version']}", token=world.actor.token)
        assert shown.json["preset"] == one["preset"]


@then(parsers.parse('she may use the presets "{names}"'))
def _(world: World, names: str) -> None:
    answer = world.ask("GET", "/api/presets", token=world.actor.token)
    shown = [
        one["preset"] + (" (shared)" if one["shared"] else "") for one in answer.json["presets"]
    ]
    assert shown == names.split(", ")


@then("she gets the same preset both times")
def _(world: World) -> None:
    assert world.earlier.status_code == world.answer.status_code == 201
    assert world.answer.json == world.earlier.json
    assert world.answer.headers["etag"] == world.earlier.headers["etag"]
    assert world.answer.headers["idempotent-replayed"] == "true"


@then(parsers.re(r'(she|he) is refused as "(?P<problem>[a-z-]+)" with (?P<status>\d+)$'))
def refused(world: World, problem: str, status: str) -> None:
    assert world.answer.status_code == int(status), world.answer.text
    assert world.answer.json["code"] == problem


@then(
    parsers.re(
        r'she is refused as "(?P<problem>[a-z-]+)" with (?P<status>\d+), because of "(?P<pointer>[^"]+)"'
    )
)
def _(world: World, problem: str, status: str, pointer: str) -> None:
    refused(world, problem, status)
    assert world.answer.json["pointer"] == pointer


def make(world: World, name: str, options: str, key: str | None = None, **more: Any) -> None:
    """Ask for a preset to be made."""
    body = {"name": name, "processingOptions": json.loads(options)} | more
    world.ask("POST", "/api/presets", body, token=world.actor.token, key=key)
