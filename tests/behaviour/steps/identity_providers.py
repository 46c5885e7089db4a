"""Steps of signing in through a company's identity provider."""

import attrs
from pytest_bdd import given, parsers, then, when

from tests.behaviour.company import START, Company
from tests.behaviour.world import PASSWORD, World

IDENTITIES = "/api/auth/identities"


def refused(world: World, status: int, code: str) -> None:
    assert (world.answer.status_code, world.answer.json["code"]) == (status, code)


@given(parsers.re(r"the company vouches for (?P<name>Ada|Mallory)"))
def _(company: Company, name: str) -> None:
    company.vouch_for(name)


@given("the company vouches for Ada, but not for her address")
def _(company: Company) -> None:
    company.vouch_for("Ada", verified=False)


@given("the company's provider answers with errors")
def _(company: Company) -> None:
    company.provider.trouble["/token"] = lambda: ("sorry", 500)


@given("she has signed in through the company")
def _(world: World, company: Company) -> None:
    company.sign_in("Ada")
    assert world.answer.status_code == 200, world.answer.text


@given("Mallory has begun to sign in through the company and sends Ada the address that ends it")
def _(company: Company) -> None:
    company.address = company.begin("Mallory")


@given("an administrator has disabled her account")
def _(world: World, company: Company) -> None:
    del company
    database = world.rig._adapters.database()
    with database.writing() as work:
        user = work.users.by_email(world.person("Ada").email)
        work.users.update(attrs.evolve(user, disabled_at=world.rig.clock.now()))
        work.commit()


@given("she has linked the company to her account")
@when("she links the company to her account")
def _(world: World, company: Company) -> None:
    answer = company.link("Ada", PASSWORD)
    assert (answer.status_code, answer.json["provider"]) == (200, "company"), answer.text
    world.rig.work()


@when("somebody wants to sign in through the company")
def _(world: World) -> None:
    world.ask("GET", START)


@when("she signs in through the company")
def _(world: World, company: Company) -> None:
    world.person("Ada").token = None
    company.sign_in("Ada")


@when("Ada opens that address")
def _(company: Company) -> None:
    company.open("Ada", company.address)


@when("she signs in through the company and goes back in her browser")
def _(company: Company) -> None:
    company.sign_in("Ada")
    company.open("Ada", company.address)


@when("she unlinks the company")
def _(world: World) -> None:
    [identity] = world.ask("GET", IDENTITIES, token=world.actor.token).json["identities"]
    answer = world.ask("DELETE", f"{IDENTITIES}/{identity['id']}", token=world.actor.token)
    assert answer.status_code == 204, answer.text


@then("there is nothing there")
def _(world: World) -> None:
    refused(world, 404, "not-found")


@then("it opens an account without a password")
def _(world: World) -> None:
    answer = world.ask("GET", IDENTITIES, token=world.actor.token)
    assert answer.json["hasPassword"] is False
    assert [one["provider"] for one in answer.json["identities"]] == ["company"]


@then("she is refused because the provider vouches for no address")
def _(world: World) -> None:
    refused(world, 403, "provider-email-unverified")


@then("she is told that the provider does not answer as it should")
def _(world: World) -> None:
    refused(world, 502, "identity-provider-error")


@then("she is refused because the sign-in was not begun in her browser")
def _(world: World) -> None:
    refused(world, 400, "invalid-sign-in-state")


@then("she is told to sign in by her password and link the company")
def _(world: World) -> None:
    refused(world, 409, "account-exists")


@then("she is refused because her identity opens no account")
def _(world: World) -> None:
    refused(world, 403, "identity-not-admitted")
