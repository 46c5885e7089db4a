"""What every rate limiter promises."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import attrs
import pytest

from adapters.persistence.rate_limiter import DatabaseRateLimiter
from application.ports.rate_limiter import Limit, RateLimiter
from tests.contracts.databases import DATABASES, QUICK_PLACES, Place

MINUTE = timedelta(minutes=1)
A_MOMENT = timedelta(milliseconds=60)
LIMIT = Limit("address", "uploads/address/192.0.2.1", 3, MINUTE)


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    place = DATABASES[request.param](request)
    yield place
    place.leave()


@pytest.fixture
def limiter(place: Place) -> RateLimiter:
    return opened(place)


def opened(place: Place) -> RateLimiter:
    database: Any = place.open()
    return DatabaseRateLimiter(database)


def used(limiter: RateLimiter, *limits: Limit) -> list[int]:
    return [standing.used for standing in limiter.count(limits)]


def test_counts_go_up_and_the_one_beyond_the_most_is_over(limiter: RateLimiter) -> None:
    standings = [limiter.count([LIMIT])[0] for _ in range(4)]

    assert [one.used for one in standings] == [1, 2, 3, 4]
    assert [one.left for one in standings] == [2, 1, 0, 0]
    assert [one.is_over for one in standings] == [False, False, False, True]


def test_a_window_does_not_move_and_is_followed_by_a_new_one(limiter: RateLimiter) -> None:
    limit = attrs.evolve(LIMIT, window=timedelta(seconds=0.4))
    first = limiter.count([limit])[0]
    time.sleep(0.1)
    second = limiter.count([limit])[0]
    time.sleep(0.4)

    assert timedelta(seconds=0.3) < first.ends_in <= limit.window
    assert second.ends_in <= first.ends_in - timedelta(seconds=0.09)
    assert used(limiter, limit) == [1]


def test_nothing_is_counted_behind_the_first_that_is_over(limiter: RateLimiter) -> None:
    narrow, wide = attrs.evolve(LIMIT, most=1), attrs.evolve(LIMIT, subject="another")

    assert used(limiter, narrow, wide) == [1, 1]
    assert used(limiter, narrow, wide) == [2]
    assert used(limiter, wide) == [2]


def test_a_count_can_be_taken_back_but_none_that_was_not_made(limiter: RateLimiter) -> None:
    used(limiter, LIMIT)
    limiter.take_back([LIMIT])
    limiter.take_back([LIMIT])

    assert used(limiter, LIMIT) == [1]


def test_what_is_forgotten_begins_anew(limiter: RateLimiter) -> None:
    another = attrs.evolve(LIMIT, subject="another")
    used(limiter, LIMIT, another)
    limiter.forget([LIMIT])

    assert used(limiter, LIMIT, another) == [1, 2]


def test_windows_that_are_over_are_forgotten_in_batches_and_no_others(
    limiter: RateLimiter,
) -> None:
    used(limiter, LIMIT)
    for number in range(3):
        used(limiter, Limit("address", f"{number}", 1, A_MOMENT))
    time.sleep(0.1)

    assert [limiter.forget_ended(2) for _ in range(3)] == [2, 1, 0]
    assert used(limiter, LIMIT) == [2]


@pytest.mark.parametrize("place", QUICK_PLACES, indirect=True)
def test_many_ways_in_count_exactly_together(place: Place) -> None:
    limiters = [opened(place) for _ in range(4)]
    limits = [LIMIT, attrs.evolve(LIMIT, subject="another", most=1000)]

    def count_all(limiter: RateLimiter) -> int:
        return sum(not limiter.count(limits)[-1].is_over for _ in range(25))

    with ThreadPoolExecutor(4) as pool:
        admitted = list(pool.map(count_all, limiters))

    assert sum(admitted) == 3
    assert used(limiters[0], LIMIT) == [101]
    assert used(limiters[0], limits[1]) == [4]
