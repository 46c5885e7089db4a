"""Limits: what is counted for whom."""

from uuid import UUID

import pytest

from adapters.persistence.rate_limiter import DatabaseRateLimiter
from application.actor import Actor
from application.errors import TooManyRequests
from application.limits.forget_rates import ForgetRates
from application.limits.limit_requests import LimitRequest, LimitRequests, Rates, RouteGroup
from domain.users.roles import Role
from tests.unit.application.workbench import Workbench

ADA, BERT, KEY = UUID(int=1), UUID(int=2), UUID(int=3)
HERE, THERE = "192.0.2.1", "192.0.2.2"


def limiting(bench: Workbench, uploads: Rates) -> LimitRequests:
    rates = {RouteGroup.UPLOADS: uploads, RouteGroup.OTHERS: Rates(1), RouteGroup.SIGN_IN: Rates()}
    return LimitRequests(DatabaseRateLimiter(bench.database), rates)


def upload(who: UUID | None, address: str = HERE, key: UUID | None = None) -> LimitRequest:
    actor = None if who is None else Actor(who, frozenset({Role.USER}), key_id=key)
    return LimitRequest(RouteGroup.UPLOADS, address, actor)


def test_an_account_is_counted_wherever_it_asks_from(bench: Workbench) -> None:
    limit = limiting(bench, Rates(per_user=1))
    limit(upload(ADA, HERE))

    with pytest.raises(TooManyRequests) as refusal:
        limit(upload(ADA, THERE))
    assert 0 < refusal.value.retry_after_seconds <= 60
    assert limit(upload(BERT, HERE))[0].used == 1


def test_an_address_is_counted_whoever_asks_from_it(bench: Workbench) -> None:
    limit = limiting(bench, Rates(per_address=1))
    limit(upload(ADA, HERE))

    with pytest.raises(TooManyRequests):
        limit(upload(BERT, HERE))
    assert limit(upload(ADA, THERE))[0].used == 1


def test_a_key_is_counted_beside_its_account(bench: Workbench) -> None:
    limit = limiting(bench, Rates(per_key=1, per_user=9))
    limit(upload(ADA, key=KEY))

    with pytest.raises(TooManyRequests):
        limit(upload(ADA, key=KEY))
    assert [one.limit.name for one in limit(upload(ADA))] == ["account"]


def test_groups_are_counted_apart_and_nothing_where_there_is_no_limit(bench: Workbench) -> None:
    limit = limiting(bench, Rates(per_address=1))
    limit(upload(ADA))

    assert limit(LimitRequest(RouteGroup.OTHERS, HERE))[0].used == 1
    assert limit(LimitRequest(RouteGroup.SIGN_IN, HERE)) == ()


def test_counts_that_still_run_are_not_forgotten(bench: Workbench) -> None:
    limit = limiting(bench, Rates(per_address=1))
    limit(upload(ADA))

    assert ForgetRates(limit.limiter)() == 0
    with pytest.raises(TooManyRequests):
        limit(upload(ADA))
