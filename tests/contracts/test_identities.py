"""The contracts of `Identities` and `SignInAttempts`, over every database."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import attrs
import pytest

from application.ports.repositories.identities import IdentityTaken
from application.ports.unit_of_work import Database
from domain.users.identity import Identity, SignInAttempt
from domain.users.user import User
from tests.builders import NOON, a_user
from tests.contracts.databases import PLACES, QUICK_PLACES

MINUTES = timedelta(minutes=1)


@pytest.fixture(params=QUICK_PLACES)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    place = PLACES[request.param](request)
    yield place.open()
    place.check()
    place.leave()


@pytest.fixture
def ada(database: Database) -> User:
    user = a_user(username="ada", email="ada@example.com")
    with database.writing() as work:
        work.users.add(user)
        work.commit()
    return user


def an_identity(user: User, **overrides: Any) -> Identity:
    values = {
        "id": uuid4(),
        "user_id": user.id,
        "issuer": "https://id.example.com",
        "subject": "ada-4711",
        "email": "ada@example.com",
        "created_at": NOON,
    }
    return Identity(**values | overrides)


def an_attempt(**overrides: Any) -> SignInAttempt:
    values = {
        "state_sha256": "a" * 64,
        "browser_sha256": "b" * 64,
        "provider": "company",
        "nonce": "n" * 43,
        "code_verifier": "v" * 43,
        "expires_at": NOON + 10 * MINUTES,
    }
    return SignInAttempt(**values | overrides)


def keep(database: Database, *things: Identity | SignInAttempt) -> None:
    with database.writing() as work:
        for thing in things:
            if isinstance(thing, Identity):
                work.identities.add(thing)
            else:
                work.sign_in_attempts.add(thing, NOON)
        work.commit()


def take(database: Database, **other: Any) -> SignInAttempt | None:
    key = {
        "state_sha256": "a" * 64, "browser_sha256": "b" * 64, "provider": "company", "now": NOON
    }  # fmt: skip
    with database.writing() as work:
        taken = work.sign_in_attempts.take(**key | other)
        work.commit()
    return taken


def test_an_identity_is_found_by_issuer_and_subject(database: Database, ada: User) -> None:
    identity = an_identity(ada)
    keep(database, identity)

    with database.reading() as work:
        assert work.identities.find("https://id.example.com", "ada-4711") == identity
        assert work.identities.find("https://id.example.net", "ada-4711") is None
        assert work.identities.find("https://id.example.com", "ADA-4711") is None


def test_an_identity_is_there_once(database: Database, ada: User) -> None:
    keep(database, an_identity(ada))

    with pytest.raises(IdentityTaken):
        keep(database, an_identity(ada))


def test_identities_are_listed_oldest_first(database: Database, ada: User) -> None:
    later = an_identity(ada, subject="b", created_at=NOON + MINUTES, email=None)
    earlier = an_identity(ada, subject="a")
    keep(database, later, earlier)

    with database.reading() as work:
        assert list(work.identities.of_user(ada.id)) == [earlier, later]


def test_the_use_of_an_identity_is_noted(database: Database, ada: User) -> None:
    identity = an_identity(ada)
    keep(database, identity)

    with database.writing() as work:
        work.identities.note_use(identity.id, None, NOON + MINUTES)
        work.commit()

    with database.reading() as work:
        assert list(work.identities.of_user(ada.id)) == [
            attrs.evolve(identity, email=None, last_used_at=NOON + MINUTES)
        ]


def test_a_removed_identity_is_gone(database: Database, ada: User) -> None:
    identity = an_identity(ada)
    keep(database, identity)

    with database.writing() as work:
        work.identities.remove(identity.id)
        work.commit()

    with database.reading() as work:
        assert work.identities.find(identity.issuer, identity.subject) is None


def test_an_attempt_is_taken_whole_and_once(database: Database, ada: User) -> None:
    attempt = an_attempt(user_id=ada.id, session_id=uuid4())
    keep(database, attempt)

    assert take(database) == attempt
    assert take(database) is None


@pytest.mark.parametrize(
    "other",
    [
        {"state_sha256": "c" * 64},
        {"browser_sha256": "c" * 64},
        {"provider": "other"},
        {"now": NOON + 10 * MINUTES},
    ],
    ids=["state", "browser", "provider", "time"],
)
def test_whoever_knows_less_takes_nothing(database: Database, other: dict[str, Any]) -> None:
    keep(database, an_attempt())

    assert take(database, **other) is None
    assert take(database) is not None


def test_attempts_that_are_over_go_when_the_next_begins(database: Database) -> None:
    keep(database, an_attempt())
    with database.writing() as work:
        work.sign_in_attempts.add(
            an_attempt(state_sha256="c" * 64, expires_at=NOON + 20 * MINUTES),
            NOON + 10 * MINUTES,
        )
        work.commit()

    assert take(database) is None
    assert take(database, state_sha256="c" * 64) is not None


def test_of_many_who_take_an_attempt_at_once_one_does(database: Database) -> None:
    keep(database, an_attempt())
    taken: list[SignInAttempt | None] = []
    at_once = threading.Barrier(8)

    def race() -> None:
        at_once.wait(10)
        taken.append(take(database))

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sum(one is not None for one in taken) == 1 and len(taken) == 8
