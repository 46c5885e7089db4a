"""Steps of rates, guesses and quotas."""

from pytest_bdd import given, parsers, then, when

from tests import pictures
from tests.behaviour.world import PASSWORD, World

ELSEWHERE = {"REMOTE_ADDR": "192.0.2.99"}


@given("the operator lets an account upload twice a minute")
def _(world: World) -> None:
    world.rig.serve_with(SAFELIGHT_LIMITS_UPLOADS_PER_USER="2")


@given("the operator lets an account keep 1 image")
def _(world: World) -> None:
    world.rig.serve_with(SAFELIGHT_LIMITS_IMAGES_PER_USER="1")


@given("the operator has passwords screened")
def _(world: World) -> None:
    world.rig.serve_with(SAFELIGHT_ACCOUNTS_SCREEN_PASSWORDS="true")


@when("she uploads a picture three times")
def _(world: World) -> None:
    for _ in range(3):
        world.upload(pictures.small_jpeg())


@when("somebody guesses her password a hundred times", target_fixture="guesses")
def _(world: World) -> list[int]:
    email = world.person("Ada").email
    return [
        world.ask(
            "POST", "/api/auth/login", {"email": email, "password": f"guess-{number}"}
        ).status_code
        for number in range(100)
    ]


@then("she is told to wait because that was too many requests")
def _(world: World) -> None:
    answer = world.answer
    assert (answer.status_code, answer.json["code"]) == (429, "too-many-requests")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["ratelimit-policy"].endswith('"account";q=2;w=60')
    assert '"account";r=0;' in answer.headers["ratelimit"]


@then("she is refused because her quota is used up")
def _(world: World) -> None:
    assert (world.answer.status_code, world.answer.json["code"]) == (429, "quota-exceeded")


@then("her usage says 1 of 1 image")
def _(world: World) -> None:
    usage = world.ask("GET", "/api/users/me/usage", token=world.actor.token).json
    assert usage["images"] == {"used": 1, "quota": 1}


@then("Bert may upload a picture")
def _(world: World) -> None:
    world.register("Bert")
    world.sign_in("Bert")
    assert world.upload(pictures.small_jpeg()).status_code == 202


@then("at least 90 of the guesses are sent away unread")
def _(guesses: list[int]) -> None:
    assert guesses.count(429) >= 90
    assert set(guesses) == {401, 429}


@then("Ada signs in from another address")
def _(world: World) -> None:
    answer = world.rig.client.simulate_post(
        "/api/auth/login",
        json={"email": world.person("Ada").email, "password": PASSWORD},
        extras=ELSEWHERE,
    )
    assert answer.status_code == 200, answer.text


@then(parsers.parse('they are refused with "{code}"'))
def _(world: World, code: str) -> None:
    assert world.answer.json["code"] == code
