"""
Nobody finds out who has an account: not by the status, the body, the headers or the time.

`make timing` takes 200 samples of each time, `make test` fewer.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final

import attrs
import pytest

from domain.users.roles import Role
from tests.authorisation.estate import PASSWORD, Estate, Request

SAMPLES: Final = int(os.environ.get("SAFELIGHT_TEST_SAMPLES", "40"))
MAY_DIFFER: Final = 0.05
CAMPAIGNS: Final = 6
"""What tells by its time does so each time, and always the same way; a busy machine does not."""

KNOWN, UNKNOWN, DISABLED, ERASED = (
    f"{name}@example.com" for name in ("ada", "nobody", "dora", "gone")
)
_numbers: Final = count()


def login(email: str, password: str = "wrong horse") -> Request:  # noqa: S107  # that is the point
    return Request("POST", "/api/auth/login", body={"email": email, "password": password})


def register(email: str) -> Request:
    newcomer = {"username": f"newcomer-{next(_numbers)}", "email": email, "password": PASSWORD}
    return Request("POST", "/api/auth/register", body=newcomer)


def forgot(email: str) -> Request:
    return Request("POST", "/api/auth/password/forgot", body={"email": email})


def a_stranger() -> str:
    return f"stranger-{next(_numbers)}@example.com"


def settle(estate: Estate) -> None:
    """Ada is there; Dora is disabled, Gone is gone."""
    root = estate.a_newcomer("rosa", Role.ADMIN)
    estate.a_newcomer("ada")
    dora, gone = estate.a_newcomer("dora"), estate.a_newcomer("gone")
    path = "/api/admin/users/"
    disable = Request("PATCH", path + dora.things.user_id, body={"disabled": True})
    estate.done(disable, root.token)
    estate.done(Request("DELETE", path + gone.things.user_id), root.token)
    estate.remember()


@pytest.fixture(scope="module")
def settled(estate: Estate) -> Estate:
    settle(estate)
    return estate


def told(estate: Estate, request: Request) -> tuple[int, Any, dict[str, str]]:
    """Return all of an answer but its id."""
    answer = estate.ask(request)
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, {**answer.json, "requestId": None}, headers


SAME: Final[dict[str, tuple[int, Callable[[], Iterator[Request]]]]] = {
    "signing in": (
        401,
        lambda: iter([
            login(UNKNOWN), login(KNOWN), login(KNOWN.upper()), login(DISABLED, PASSWORD),
            login(ERASED, PASSWORD), login("no address"), login(UNKNOWN, "x" * 1000),
        ]),
    ),
    "registering": (201, lambda: map(register, [a_stranger(), KNOWN, KNOWN.upper(), DISABLED])),
    "having forgotten": (202, lambda: map(forgot, [UNKNOWN, KNOWN, KNOWN.upper(), DISABLED, ERASED])),
}  # fmt: skip


@pytest.mark.parametrize("what", SAME)
def test_answers_are_the_same_whoever_has_an_account(settled: Estate, what: str) -> None:
    status, requests = SAME[what]

    answers = [told(settled, request) for request in requests()]
    settled.restore()

    assert {answer[0] for answer in answers} == {status}
    assert all(answer == answers[0] for answer in answers)


def test_a_taken_name_is_told_whoever_has_the_address(settled: Estate) -> None:
    """Names are public, so they may be; but not in one case only."""
    for email in (KNOWN, a_stranger()):
        newcomer = {"username": "ADA", "email": email, "password": PASSWORD}
        answer = settled.ask(Request("POST", "/api/auth/register", body=newcomer))
        assert (answer.status_code, answer.json["code"]) == (409, "username-taken")


def test_an_idempotency_key_tells_nothing_either(settled: Estate) -> None:
    for email in (KNOWN, a_stranger()):
        request = register(email)
        first, again = (settled.ask(request, None, **{"Idempotency-Key": email}) for _ in range(2))
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.headers["idempotent-replayed"] == "true"
    settled.restore()


@attrs.frozen
class Pair:
    """
    Two requests that may not differ in their time.

    Attributes:
        fresh: Whether each finds everything as it was before the others.
        times: How many samples for one; quick answers differ by chance, and cost little.
    """

    known: Callable[[], Request]
    unknown: Callable[[], Request]
    fresh: bool = True
    times: int = 1


PAIRS: Final = {
    "signing in": Pair(lambda: login(KNOWN), lambda: login(UNKNOWN)),
    "signing in when disabled": Pair(lambda: login(DISABLED, PASSWORD), lambda: login(UNKNOWN)),
    "registering": Pair(lambda: register(KNOWN), lambda: register(a_stranger())),
    "having forgotten": Pair(lambda: forgot(KNOWN), lambda: forgot(UNKNOWN), times=5),
    "having forgotten too often": Pair(
        lambda: forgot(KNOWN), lambda: forgot(UNKNOWN), fresh=False, times=10
    ),
}


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """A platform whose passwords cost what they cost."""
    with Estate(tmp_path_factory.mktemp("honest"), quick_hashes=False) as estate:
        settle(estate)
        yield estate


@attrs.frozen
class Seconds:
    """What each kind of request took, a turn each."""

    known: list[float]
    unknown: list[float]

    @property
    def difference(self) -> float:
        """Of the medians, as a part of the second."""
        return statistics.median(self.known) / statistics.median(self.unknown) - 1

    def __add__(self, other: "Seconds") -> "Seconds":
        return Seconds(self.known + other.known, self.unknown + other.unknown)


def campaign(estate: Estate, pair: Pair, samples: int) -> Seconds:
    """Ask both kinds by turns."""
    seconds = Seconds([], [])
    for turn in range(samples + 4):
        for is_known in (True, False) if turn % 2 else (False, True):
            request = (pair.known if is_known else pair.unknown)()
            started = time.perf_counter()
            answer = estate.ask(request)
            taken = time.perf_counter() - started
            assert answer.status_code in (201, 202, 401), answer.text
            if turn >= 4:  # the first ones find nothing prepared, or send letters
                (seconds.known if is_known else seconds.unknown).append(taken)
            estate.adapters.errands().finish()
            if pair.fresh:
                estate.restore()
    estate.restore()
    return seconds


@pytest.mark.alone
@pytest.mark.parametrize("what", PAIRS)
def test_the_time_is_the_same_whoever_has_an_account(honest: Estate, what: str) -> None:
    pair, differences, together = PAIRS[what], [], Seconds([], [])
    samples = SAMPLES * pair.times
    for _ in range(CAMPAIGNS):
        seconds = campaign(honest, pair, samples)
        together += seconds
        differences.append(seconds.difference)
        known, unknown = map(statistics.median, (seconds.known, seconds.unknown))
        print(  # noqa: T201  # what `make timing` shows
            f"\n{what}: {known * 1000:.2f} ms known, {unknown * 1000:.2f} ms unknown, "
            f"{seconds.difference:+.1%} of {samples} samples each"
        )
        if min(abs(seconds.difference), abs(together.difference)) <= MAY_DIFFER:
            return

    one_way = all(one > 0 for one in differences) or all(one < 0 for one in differences)
    assert not one_way, f"{what} tells who has an account, by its time: {differences}"
