"""No password, no token and no address in any log, whatever is done with them."""

import structlog

from tests.behaviour.world import PASSWORD, World

_log = structlog.get_logger("tests")


def test_what_is_said_in_secret_is_not_logged(world: World) -> None:
    overheard = world.rig.overheard
    world.sign_in(world.register("Ada").name.capitalize())
    token, email = str(world.actor.token), world.actor.email
    lines = len(overheard.lines)

    world.ask("GET", "/api/users/profile", token=token)
    world.ask("GET", f"/api/images?access_token={token}")
    world.ask("POST", f"/api/auth/login?password={PASSWORD}", {"email": email, "password": "no"})
    world.ask("POST", "/api/auth/login", {"email": email, "password": PASSWORD, "mail": email})
    world.ask("POST", "/api/auth/login", {"email": [email], "password": {"is": PASSWORD}})
    world.ask("POST", "/api/auth/register", {"username": email, "email": email, "password": "x"})
    world.ask("POST", "/api/auth/password/forgot", {"email": email})
    world.rig.work()
    world.ask("POST", "/api/auth/refresh", {"refreshToken": "st_" + "0" * 64})
    world.ask("POST", "/api/api-keys", {"name": email, "scopes": ["images:read"]}, token=token)
    world.ask("GET", f"/files/{token}/main/{email}")
    world.ask("DELETE", "/api/users/me", {"password": PASSWORD + "-not"}, token=token)
    world.ask("POST", "/api/auth/logout", token=token)

    assert len(overheard.lines) - lines >= 12
    assert {token, email, PASSWORD, "st_" + "0" * 64} <= overheard.secrets
    assert overheard.leaks() == []


def test_it_would_be_noticed(world: World) -> None:
    overheard = world.rig.overheard
    world.sign_in(world.register("Ada").name.capitalize())
    lines = len(overheard.lines)

    for said in (str(world.actor.token), world.actor.email, PASSWORD):
        try:
            raise ValueError(said)
        except ValueError as error:
            _log.warning("odd", exc_info=error)
    noticed = overheard.leaks()
    del overheard.lines[lines:]

    assert len(noticed) == 3
