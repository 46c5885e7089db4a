"""Steps of sending a request again under its idempotency key."""

from pytest_bdd import given, parsers, then, when

from tests import pictures
from tests.behaviour.world import PASSWORD, World


@given(parsers.parse('she has uploaded a photo under the key "{key}"'))
def _(world: World, key: str) -> None:
    assert world.upload(pictures.photo(), key=key).status_code == 202
    world.earlier = world.answer


@when(parsers.re(r'(she|he) uploads the same photo under the key "(?P<key>[^"]+)"'))
def _(world: World, key: str) -> None:
    world.upload(pictures.photo(), key=key)


@when(parsers.parse('she uploads another photo under the key "{key}"'))
def _(world: World, key: str) -> None:
    world.upload(pictures.photo(300, 200), key=key)


@when("she uploads a photo under a key of 256 characters")
def _(world: World) -> None:
    world.upload(pictures.photo(), key="k" * 256)


@when("a day and an hour have passed")
def _(world: World) -> None:
    world.rig.make_keys_older(hours=25)


@when(parsers.parse('Bert registers twice under the key "{key}"'))
def _(world: World, key: str) -> None:
    body = {"username": "bert", "email": "bert@example.com", "password": PASSWORD}
    world.earlier = world.ask("POST", "/api/auth/register", body, key=key)
    world.ask("POST", "/api/auth/register", body, key=key)


@when(parsers.parse('she adds a webhook twice under the key "{key}"'))
def _(world: World, key: str) -> None:
    body = {"url": "https://example.com/hook"}
    token = world.actor.token
    world.earlier = world.ask("POST", "/api/webhooks", body, token, key=key)
    world.ask("POST", "/api/webhooks", body, token, key=key)


@then("she gets the image id that she got before")
def _(world: World) -> None:
    assert world.answer.status_code == 202
    assert world.answer.json == world.earlier.json
    assert world.answer.headers["x-task-id"] == world.earlier.headers["x-task-id"]


@then(parsers.re(r"(she|he) gets (a new image id|an image id of his own)"))
def _(world: World) -> None:
    assert world.answer.status_code == 202
    assert world.answer.json["imageId"] != world.earlier.json["imageId"]
    assert "idempotent-replayed" not in world.answer.headers


@then("the answer says that it is a replay")
def _(world: World) -> None:
    assert world.answer.headers["idempotent-replayed"] == "true"


@then("there is one image")
def _(world: World) -> None:
    assert world.rig.count("images") == world.rig.count("tasks") == 1


@then("both times he is told that he is registered")
def _(world: World) -> None:
    assert world.earlier.status_code == world.answer.status_code == 201
    assert world.answer.json == world.earlier.json
    assert world.rig.count("users") == 2  # Ada is one


@then("she gets the same webhook both times")
def _(world: World) -> None:
    assert world.earlier.status_code == world.answer.status_code == 201
    assert world.answer.json == world.earlier.json
    assert world.answer.headers["location"] == world.earlier.headers["location"]
