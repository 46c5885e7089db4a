"""Steps of sessions and the tokens by which they go on."""

from typing import Any

from pytest_bdd import given, parsers, then, when

from tests.behaviour.world import PASSWORD, World

SESSIONS = "/api/auth/sessions"


def refresh(world: World, refresh_token: str) -> Any:
    return world.ask("POST", "/api/auth/refresh", {"refreshToken": refresh_token})


def refreshed(world: World, device: str) -> None:
    answer = refresh(world, world.devices[device][1])
    if answer.status_code == 200:
        world.devices[device] = (answer.json["token"], answer.headers["x-refresh-token"])


def listed(world: World, device: str) -> Any:
    return world.ask("GET", SESSIONS, token=world.devices[device][0]).json["sessions"]


@given(parsers.parse('Ada is signed in on her "{device}"'))
def _(world: World, device: str) -> None:
    person = world.register("Ada")
    answer = world.rig.client.simulate_post(
        "/api/auth/login",
        json={"email": person.email, "password": PASSWORD},
        headers={"User-Agent": device},
    )
    world.devices[device] = (answer.json["token"], answer.headers["x-refresh-token"])


@given(parsers.parse('a thief has read the refresh token of her "{device}"'))
def _(world: World, device: str) -> None:
    world.stolen = world.devices[device][1]


@given(parsers.parse('she has refreshed her session on her "{device}" twice'))
def _(world: World, device: str) -> None:
    refreshed(world, device)
    refreshed(world, device)


@when(parsers.re(r'she refreshes her session on her "(?P<device>[^"]+)"'))
def _(world: World, device: str) -> None:
    refreshed(world, device)


@when(
    parsers.parse(
        'she refreshes her session on her "{device}", and again because the answer was lost'
    )
)
def _(world: World, device: str) -> None:
    world.earlier = refresh(world, world.devices[device][1])
    refreshed(world, device)


@when("the thief refreshes the session")
def _(world: World) -> None:
    refresh(world, world.stolen)


@when("she signs out everywhere but here")
def _(world: World) -> None:
    token = list(world.devices.values())[-1][0]
    assert world.ask("DELETE", SESSIONS, token=token).status_code == 204


@when(parsers.parse('she looks at her sessions on her "{device}"'))
def _(world: World, device: str) -> None:
    listed(world, device)


@when(parsers.parse('she ends the session of her "{device}" from her "{other}"'))
def _(world: World, device: str, other: str) -> None:
    [session] = [one for one in listed(world, other) if one["client"] == device]
    path = f"{SESSIONS}/{session['id']}"
    assert world.ask("DELETE", path, token=world.devices[other][0]).status_code == 204


@then(parsers.parse('the token of her "{device}" opens her profile'))
def _(world: World, device: str) -> None:
    answer = world.ask("GET", "/api/users/profile", token=world.devices[device][0])
    assert answer.status_code == 200, answer.text


@then(parsers.parse('the token of her "{device}" opens nothing any more'))
def _(world: World, device: str) -> None:
    answer = world.ask("GET", "/api/users/profile", token=world.devices[device][0])
    assert (answer.status_code, answer.json["code"]) == (401, "invalid-token")


@then("they are refused because the refresh token is not good")
def _(world: World) -> None:
    assert (world.answer.status_code, world.answer.json["code"]) == (401, "invalid-refresh-token")


@then("she got the same refresh token both times")
def _(world: World) -> None:
    tokens = [answer.headers["x-refresh-token"] for answer in (world.earlier, world.answer)]
    assert tokens[0] == tokens[1]


@then(parsers.parse('she sees "{first}" and "{second}", of which "{present}" is the present one'))
def _(world: World, first: str, second: str, present: str) -> None:
    shown = {one["client"]: one["current"] for one in world.answer.json["sessions"]}
    assert shown == {device: device == present for device in (first, second)}


@then("the list holds no token")
def _(world: World) -> None:
    for tokens in world.devices.values():
        assert not any(token in world.answer.text for token in tokens)
