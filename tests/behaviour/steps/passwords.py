"""Steps of passwords, and of the letters about them."""

import re
from datetime import timedelta

from pytest_bdd import parsers, then, when

from tests.behaviour.world import PASSWORD, World

FORGOT = "/api/auth/password/forgot"


def letters_to(world: World, address: str) -> list[str]:
    world.rig.work()
    return [str(mail["Subject"]) for mail in world.mails_to(address)]


def mailed_token(world: World) -> str:
    world.rig.work()
    texts = [
        body.get_content()
        for mail in world.mails_to(world.person("Ada").email)
        if (body := mail.get_body(("plain",))) is not None
    ]
    [token] = {token for text in texts for token in re.findall(r"^st_[0-9a-f]{64}$", text, re.M)}
    return str(token)


def signs_in(world: World, password: str) -> bool:
    body = {"email": world.person("Ada").email, "password": password}
    return world.ask("POST", "/api/auth/login", body).status_code == 200


@when(parsers.parse('she changes her password on her "{device}" to "{password}"'))
def _(world: World, device: str, password: str) -> None:
    body = {"currentPassword": PASSWORD, "newPassword": password}
    answer = world.ask("POST", "/api/auth/password/change", body, world.devices[device][0])
    assert answer.status_code == 200, answer.text


@when(parsers.parse('somebody changes her password on her "{device}" who does not know it'))
def _(world: World, device: str) -> None:
    body = {"currentPassword": "a guess of theirs", "newPassword": "mine from now on"}
    world.ask("POST", "/api/auth/password/change", body, world.devices[device][0])


@then(parsers.re(r'a letter to "(?P<address>[^"]+)" says "(?P<subject>[^"]+)"'))
def _(world: World, address: str, subject: str) -> None:
    assert letters_to(world, address).count(subject) == 1


@when("she has forgotten her password")
def _(world: World) -> None:
    world.earlier = world.ask("POST", FORGOT, {"email": world.person("Ada").email})
    assert world.earlier.status_code == 202, world.earlier.text


@when(parsers.parse('somebody says so of "{address}"'))
def _(world: World, address: str) -> None:
    world.ask("POST", FORGOT, {"email": address})


@when(parsers.parse('she sets "{password}" by the token of her letter'))
def _(world: World, password: str) -> None:
    body = {"token": mailed_token(world), "newPassword": password}
    world.ask("POST", "/api/auth/password/reset", body)


@when(parsers.parse("{minutes:d} minutes have passed"))
def _(world: World, minutes: int) -> None:
    world.rig.work()
    world.rig.clock.advance(timedelta(minutes=minutes))


@when("she asks for a letter that verifies her address")
def _(world: World) -> None:
    answer = world.ask("POST", "/api/auth/verify-email/send", token=world.actor.token)
    assert answer.status_code == 202, answer.text


@when("she sends the token of her letter")
def _(world: World) -> None:
    world.ask("POST", "/api/auth/verify-email", {"token": mailed_token(world)})


@then(parsers.parse('she can sign in with "{password}" alone'))
def _(world: World, password: str) -> None:
    assert signs_in(world, password)
    assert not signs_in(world, PASSWORD)


@then(parsers.parse('they are refused as "{code}"'))
def _(world: World, code: str) -> None:
    assert (world.answer.status_code, world.answer.json["code"]) == (403, code)


@then(parsers.parse('she has a letter "{subject}"'))
def _(world: World, subject: str) -> None:
    assert subject in letters_to(world, world.person("Ada").email)


@then(parsers.parse('"{address}" has a letter "{subject}"'))
def _(world: World, address: str, subject: str) -> None:
    assert subject in letters_to(world, address)


@then("both are told the same")
def _(world: World) -> None:
    assert world.answer.status_code == world.earlier.status_code
    assert world.answer.text == world.earlier.text


@then("nobody but Ada has a letter")
def _(world: World) -> None:
    world.rig.work()
    assert [mail["To"] for mail in world.rig.mails()] == [world.person("Ada").email]


@then("nothing but the letter holds its token")
def _(world: World) -> None:
    token = mailed_token(world).encode()
    files = [path for path in world.rig.folder.rglob("*") if path.is_file()]
    holders = [path.suffix for path in files if token in path.read_bytes()]
    assert holders == [".eml"]
