"""Steps of API keys."""

import time
from datetime import timedelta
from typing import Any

from pytest_bdd import given, parsers, then, when

from domain.users.scopes import Scope
from tests import pictures
from tests.behaviour.rig import SCENARIO_SECONDS
from tests.behaviour.world import World

KEYS = "/api/api-keys"


def make_key(world: World, *scopes: str, key: str | None = None, **more: Any) -> Any:
    body = {"name": "nightly import", "scopes": list(scopes)} | more
    return world.ask("POST", KEYS, body, world.actor.token, key=key)


def made(world: World, *scopes: str, **more: Any) -> None:
    answer = make_key(world, *scopes, **more)
    assert answer.status_code == 201, answer.text
    world.api_key = answer.json


def listed(world: World) -> dict[str, Any]:
    [key] = world.ask("GET", KEYS, token=world.sign_in(world.who).token).json["apiKeys"]
    return key


@given(parsers.parse('she has made a key for "{scope}" and "{other}"'))
def _(world: World, scope: str, other: str) -> None:
    made(world, scope, other)


@given(parsers.re(r'she has made a key for "(?P<scope>[^"]+)"'))
def _(world: World, scope: str) -> None:
    made(world, scope)


@given(parsers.re(r"(she|he) has made a key for everything"))
def _(world: World) -> None:
    made(world, *(scope.value for scope in Scope))


@given(parsers.parse('she has made a key for "{scope}" that lasts {days:d} days'))
def _(world: World, scope: str, days: int) -> None:
    made(world, scope, expiresInDays=days)


@given(parsers.parse("she has made {count:d} keys"))
def _(world: World, count: int) -> None:
    for _ in range(count):
        made(world, "images:read")


@given("it has opened her images")
@then("the key still opens her images")
def _(world: World) -> None:
    answer = world.ask("GET", "/api/images", token=world.api_key["token"])
    assert answer.status_code == 200, answer.text


@when("a program uploads a photo with the key")
def _(world: World) -> None:
    world.upload(pictures.photo(), token=world.api_key["token"])


@when("a program lists images with the key")
def _(world: World) -> None:
    world.ask("GET", "/api/images", token=world.api_key["token"])


@when("a program looks at a profile with the key")
def _(world: World) -> None:
    world.ask("GET", "/api/users/profile", token=world.api_key["token"])


@when("a program looks at Bert's profile with the key")
def _(world: World) -> None:
    own = world.ask("GET", "/api/users/profile", token=world.api_key["token"])
    assert own.status_code == 200, own.text
    body = {"userId": world.person("Bert").name}
    world.ask("GET", "/api/users/profile", body, world.api_key["token"])


@when("a program changes the profile with the key")
def _(world: World) -> None:
    world.ask("PUT", "/api/users/profile", {"username": "mallory"}, world.api_key["token"])


@when("a program adds a webhook with the key")
def _(world: World) -> None:
    body = {"url": "https://example.com/hook"}
    world.ask("POST", "/api/webhooks", body, world.api_key["token"])


@when("a program makes another key with the key")
def _(world: World) -> None:
    body = {"name": "another", "scopes": ["images:read"]}
    world.ask("POST", KEYS, body, world.api_key["token"])


@when("a program looks at the keys with the key")
def _(world: World) -> None:
    world.ask("GET", KEYS, token=world.api_key["token"])


@when("a program revokes the key with the key")
def _(world: World) -> None:
    world.ask("DELETE", f"{KEYS}/{world.api_key['id']}", token=world.api_key["token"])


@when("a program asks for Ada's photo with the key")
def _(world: World) -> None:
    world.ask("GET", f"/api/images/{world.image_id}/status", token=world.api_key["token"])


@when("she looks at her keys")
def _(world: World) -> None:
    world.ask("GET", KEYS, token=world.actor.token)


@when("she makes another key")
def _(world: World) -> None:
    make_key(world, "images:read")


@when(parsers.parse('she makes a key twice under the key "{key}"'))
def _(world: World, key: str) -> None:
    world.earlier = make_key(world, "images:read", key=key)
    make_key(world, "images:read", key=key)


@when("she revokes the key")
def _(world: World) -> None:
    path = f"{KEYS}/{world.api_key['id']}"
    assert world.ask("DELETE", path, token=world.actor.token).status_code == 204


@when(parsers.parse("{days:d} days have passed"))
def _(world: World, days: int) -> None:
    world.rig.clock.advance(timedelta(days=days))


@then("the upload is accepted")
def _(world: World) -> None:
    assert world.answer.status_code == 202, world.answer.text


@then("with the key it sees that the image is completed")
def _(world: World) -> None:
    path = f"/api/images/{world.image_id}/status"
    answer = world.ask("GET", path, token=world.api_key["token"])
    assert (answer.status_code, answer.json["status"]) == (200, "completed")


@then(parsers.re(r'(it|she) is refused as "(?P<code>[a-z-]+)"'))
def _(world: World, code: str) -> None:
    assert world.answer.json["code"] == code, world.answer.text


@then(parsers.parse('it is told that it lacks "{scope}"'))
def _(world: World, scope: str) -> None:
    assert world.answer.headers["www-authenticate"].endswith(f'scope="{scope}"')


@then("the key is there with its name and its scope, and without its secret")
def _(world: World) -> None:
    [key] = world.answer.json["apiKeys"]
    assert key == {name: value for name, value in world.api_key.items() if name != "token"}
    assert (key["name"], key["scopes"]) == ("nightly import", ["images:read"])
    assert world.api_key["token"].rpartition("_")[2] not in world.answer.text


@then("nothing that the platform keeps holds the secret")
def _(world: World) -> None:
    secret = world.api_key["token"].rpartition("_")[2].encode()
    kept = [path.read_bytes() for path in world.rig.folder.rglob("*") if path.is_file()]
    assert kept and not any(secret in content for content in kept)


@then("she gets the same key both times, and its token once")
def _(world: World) -> None:
    assert world.earlier.status_code == world.answer.status_code == 201
    assert world.answer.headers["idempotent-replayed"] == "true"
    assert world.earlier.json["token"].startswith("sl_")
    assert world.answer.json == world.earlier.json | {"token": None}
    assert world.rig.count("api_keys") == 1


@then("it opens nothing any more")
def _(world: World) -> None:
    answer = world.ask("GET", "/api/images", token=world.api_key["token"])
    assert answer.status_code == 401
    assert answer.json["code"] == "invalid-token"


@then("her keys tell when it was revoked")
def _(world: World) -> None:
    assert listed(world)["revokedAt"]


@then("her keys soon tell when it was used")
def _(world: World) -> None:
    give_up_at = time.monotonic() + SCENARIO_SECONDS
    while not listed(world)["lastUsedAt"]:
        assert time.monotonic() < give_up_at, "the use is not noted"
        time.sleep(0.01)


@then("when she has revoked one she can make another")
def _(world: World) -> None:
    path = f"{KEYS}/{world.api_key['id']}"
    assert world.ask("DELETE", path, token=world.actor.token).status_code == 204
    assert make_key(world, "images:read").status_code == 201
