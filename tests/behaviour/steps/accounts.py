"""Steps of registration, signing in and the profile."""

from pytest_bdd import given, parsers, then, when

from tests.behaviour.world import PASSWORD, World

NOBODY = "nobody@example.com"


@given(parsers.re(r"(?P<name>Ada|Bert) has an account"))
def _(world: World, name: str) -> None:
    world.register(name)


@given(parsers.parse('{name:w} has an account as "{username}" with "{email}"'))
def _(world: World, name: str, username: str, email: str) -> None:
    person = world.person(name)
    person.name, person.email = username, email
    world.register(name)


@given(parsers.re(r"(?P<name>Ada|Bert) is signed in"))
def _(world: World, name: str) -> None:
    world.register(name)
    world.sign_in(name)


@given(parsers.parse("{name:w} is an admin and signed in"))
def _(world: World, name: str) -> None:
    world.register(name)
    world.rig.make_admin(world.person(name).email)
    world.sign_in(name)


@when(parsers.parse('{name:w} registers as "{username}" with "{email}"'))
def _(world: World, name: str, username: str, email: str) -> None:
    if name != "somebody":
        person = world.person(name)
        person.name, person.email = username, email
        world.who = name
    body = {"username": username, "email": email, "password": PASSWORD}
    world.ask("POST", "/api/auth/register", body)


@when(parsers.parse('somebody registers with {field:w} "{value}"'))
def _(world: World, field: str, value: str) -> None:
    body = {"username": "eve", "email": "eve@example.com", "password": PASSWORD, field: value}
    world.ask("POST", "/api/auth/register", body)


@when("Ada signs in")
def _(world: World) -> None:
    world.sign_in("Ada")


@when(parsers.re(r"somebody signs in with (?P<address>.+) and (?P<password>.+)"))
def _(world: World, address: str, password: str) -> None:
    email = world.person("Ada").email if address == "Ada's address" else NOBODY
    secret = PASSWORD if password == "Ada's password" else "wrong-password"
    world.ask("POST", "/api/auth/login", {"email": email, "password": secret})


@when("somebody looks at a profile without a token")
def _(world: World) -> None:
    world.ask("GET", "/api/users/profile")


@when("she signs out")
def _(world: World) -> None:
    world.ask("POST", "/api/auth/logout", {"token": world.actor.token}, token=world.actor.token)


@when("she looks at her profile")
def _(world: World) -> None:
    world.ask("GET", "/api/users/profile", token=world.actor.token)


@when("she looks at Bert's profile")
def _(world: World) -> None:
    body = {"userId": world.person("Bert").name}
    world.ask("GET", "/api/users/profile", body, token=world.actor.token)


@when(parsers.parse('she changes her name to "{username}" and her address to "{email}"'))
def _(world: World, username: str, email: str) -> None:
    body = {"username": username, "email": email}
    world.ask("PUT", "/api/users/profile", body, token=world.actor.token)


@when("she changes her name to Bert's")
def _(world: World) -> None:
    body = {"username": world.person("Bert").name}
    world.ask("PUT", "/api/users/profile", body, token=world.actor.token)


@then(parsers.re(r'(she is|they are) told "(?P<message>[^"]+)"'))
def _(world: World, message: str) -> None:
    assert world.answer.json == {"message": message}


@then("she can sign in")
@then("she gets a token")
def _(world: World) -> None:
    assert world.sign_in(world.who).token


@then("the token opens her profile")
def _(world: World) -> None:
    world.ask("GET", "/api/users/profile", token=world.actor.token)

    assert world.answer.json == {
        "username": world.actor.name,
        "email": world.actor.email,
        "roles": ["user"],
    }


@then("her token opens nothing any more")
def _(world: World) -> None:
    world.ask("GET", "/api/users/profile", token=world.actor.token)

    assert world.answer.status_code == 401
    assert world.answer.json["code"] == "invalid-token"


@then("Ada can still sign in")
def _(world: World) -> None:
    assert world.sign_in("Ada").token


@then("they are refused because the credentials are wrong")
def _(world: World) -> None:
    assert world.answer.status_code == 401
    assert world.answer.json["code"] == "wrong-credentials"


@then("they are refused because the token is not valid")
def _(world: World) -> None:
    assert world.answer.status_code == 401
    assert world.answer.headers["www-authenticate"].startswith("Bearer")


@then(parsers.re(r"(they are|she is) refused because the (?P<what>username|email) is taken"))
def _(world: World, what: str) -> None:
    assert world.answer.status_code == 409
    assert world.answer.json["code"] == f"{what}-taken"


@then(parsers.parse('they are refused because of "{field}"'))
def _(world: World, field: str) -> None:
    assert world.answer.status_code == 422
    assert world.answer.json["pointer"] == f"/{field}"


@then("she is refused because she may not")
def _(world: World) -> None:
    assert world.answer.status_code == 403
    assert world.answer.json["code"] == "not-allowed"


@then('it shows her name, her address and the role "user"')
def _(world: World) -> None:
    assert world.answer.json == {
        "username": world.actor.name,
        "email": world.actor.email,
        "roles": ["user"],
    }


@then("her profile shows the new name and address")
def _(world: World) -> None:
    world.ask("GET", "/api/users/profile", token=world.actor.token)

    assert world.answer.json["username"] == "countess"
    assert world.answer.json["email"] == "countess@example.com"


@then("it shows Bert's name")
def _(world: World) -> None:
    assert world.answer.json["username"] == world.person("Bert").name
