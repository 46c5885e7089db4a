"""Rows 64 and 65: tokens that open nothing, each for another reason and all with one answer."""

import time
from collections.abc import Iterator

import jwt
import pytest

from tests.bad_tokens import Forger
from tests.catalogue.installation import Installation, Person, refusal, without_id

UNKNOWN = {"Authorization": "Bearer wrong"}
ROUTES = (
    ("GET", "/api/users/profile"),
    ("GET", "/api/images"),
    ("DELETE", "/api/users/me"),
    ("POST", "/api/images/upload"),
    ("GET", "/api/admin/users"),
)


@pytest.fixture(scope="module")
def forger(api: Installation, ada: Person) -> Forger:
    session = jwt.decode(ada.token, options={"verify_signature": False})["jti"]
    return Forger(ada, session, int(time.time()))


@pytest.fixture(scope="module")
def forged(forger: Forger) -> dict[str, str]:
    return forger.tokens()


def test_64_the_workshop_can_make_a_good_one(api: Installation, forger: Forger) -> None:
    headers = {"Authorization": f"Bearer {forger.good()}"}

    answer = api.send("GET", "/api/users/profile", headers=headers)

    assert answer.status_code == 200 and answer.json["username"] == "ada"


def test_64_there_are_enough(forged: dict[str, str]) -> None:
    assert len(forged) >= 60
    assert len(set(forged.values())) == len(forged)


def test_64_every_bad_token_is_answered_alike(api: Installation, forged: dict[str, str]) -> None:
    """Whatever is wrong with it: one status, one body, one challenge, and nobody gets in."""
    for method, path in ROUTES:
        expected = api.send(method, path, headers=UNKNOWN)
        assert refusal(expected) == (401, "invalid-token")
        for name, token in forged.items():
            answer = api.send(method, path, headers={"Authorization": f"Bearer {token}"})

            assert refusal(answer) == (401, "invalid-token"), name
            assert without_id(answer) == without_id(expected), name
            assert answer.headers["www-authenticate"] == expected.headers["www-authenticate"]


def test_64_no_bad_token_ends_a_session(api: Installation, forged: dict[str, str]) -> None:
    """Signing out takes the token in a body, which holds what no header could."""
    for name, token in forged.items():
        if len(token) > 50_000 or "\0" in token:  # too long for the body; row 55
            continue
        if name == "jti of no session":  # ours, and over: signing out twice is no mistake
            continue
        answer = api.send_json("POST", "/api/auth/logout", {"token": token})

        assert refusal(answer) == (401, "invalid-token"), name


def test_64_an_access_token_refreshes_nothing(api: Installation, ada: Person) -> None:
    answer = api.send_json("POST", "/api/auth/refresh", {"refreshToken": ada.token})

    assert refusal(answer) == (401, "invalid-refresh-token")


SCHEMES = (
    "", "Bearer", "Bearer ", "bearer", "{}", "Basic {}", "Token {}", "JWT {}", "Bearer: {}", "Bearer={}",
    "Bearer\t{}", "Bearer  {} x", "Bearer Bearer {}", "BearerBearer {}", "Negotiate {}", "Digest {}",
    "Basic YWRhOnBhc3N3b3JkMTIz", "DPoP {}", "Bearer {};x=1", "Bearer token={}", 'Bearer "{}"',
)  # fmt: skip


@pytest.mark.parametrize("scheme", SCHEMES)
def test_64_a_good_token_in_another_scheme_opens_nothing(
    api: Installation, ada: Person, scheme: str
) -> None:
    answer = api.send(
        "GET", "/api/users/profile", headers={"Authorization": scheme.format(ada.token)}
    )

    assert refusal(answer) == (401, "invalid-token")
    assert without_id(answer) == without_id(api.send("GET", "/api/users/profile", headers=UNKNOWN))


@pytest.fixture
def good(ada: Person) -> Iterator[str]:
    yield ada.token


def test_65_two_authorizations_are_one_too_many(api: Installation, good: str) -> None:
    for first, second in (
        (f"Bearer {good}", f"Bearer {good}"), (f"Bearer {good}", "Bearer wrong"),
        ("Bearer wrong", f"Bearer {good}"), (f"Bearer {good}", "wrong"), ("", f"Bearer {good}"),
        (f"Bearer {good}", ""), (f"Bearer {good}", "Basic YWRhOg=="), ("Digest a=b", f"Bearer {good}"),
    ):  # fmt: skip
        headers = [("Authorization", first), ("Authorization", second)]
        answer = api.client.simulate_get("/api/users/profile", headers=headers)

        assert refusal(answer) == (400, "bad-request")


@pytest.mark.parametrize("name", ["token", "access_token"])
def test_65_a_token_in_the_address_opens_nothing(
    api: Installation, good: str, ada: Person, name: str
) -> None:
    for who in (None, ada):
        answer = api.send("GET", "/api/users/profile", who, params={name: good})

        assert refusal(answer) == (401, "invalid-token")
