"""Limits: what is counted for whom."""

from datetime import timedelta
from uuid import UUID

import pytest

from adapters.persistence.rate_limiter import DatabaseRateLimiter
from application.actor import Actor
from application.errors import QuotaExceeded, TooManyRequests
from application.limits.forget_rates import ForgetRates
from application.limits.limit_requests import LimitRequest, LimitRequests, Rates, RouteGroup
from application.limits.quotas import Quotas
from application.limits.view_usage import ViewUsage
from application.ports.repositories.files import FileKind, Holder
from application.ports.repositories.images import Usage
from application.tasks.retry_task import RetryTask, RetryTaskRequest
from domain.images.gone import Gone
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


def usage(bench: Workbench, actor: Actor) -> Usage:
    return ViewUsage(bench.database, bench.clock, bench.quotas)(actor).usage


def test_usage_is_of_files_that_are_kept_and_of_tasks_of_a_day(bench: Workbench) -> None:
    actor = bench.an_actor()
    task = bench.a_completed_task(actor)
    bench.upload(bench.an_actor())
    original = bench.image(task.image_id).byte_size
    [result] = task.results

    before = usage(bench, actor)
    bench.write(
        lambda work: work.files.mark(Holder(FileKind.ORIGINAL, task.image_id, ()), Gone.REMOVED)
    )
    bench.clock.advance(timedelta(hours=25))
    after = usage(bench, actor)

    assert before == Usage(1, original + result.byte_size, 1, task.created_at)
    assert after == Usage(0, result.byte_size, 0, None)


@pytest.mark.parametrize(
    "quotas", [Quotas(images=1), Quotas(bytes_stored=40_000), Quotas(tasks_per_day=1)]
)
def test_what_a_quota_does_not_admit_leaves_nothing_behind(
    bench: Workbench, quotas: Quotas
) -> None:
    bench.quotas = quotas
    actor = bench.an_actor()
    bench.upload(actor)
    there = bench.stored()

    with pytest.raises(QuotaExceeded):
        bench.upload(actor)
    assert bench.stored() == there
    assert usage(bench, actor).tasks == 1
    assert bench.upload(bench.an_actor())


def test_tasks_of_a_day_come_back(bench: Workbench) -> None:
    bench.quotas = Quotas(tasks_per_day=1)
    actor = bench.an_actor()
    task = bench.a_completed_task(actor)
    bench.clock.advance(timedelta(hours=23))

    with pytest.raises(QuotaExceeded) as refused:
        bench.upload(actor)
    assert refused.value.retry_after_seconds == 3600
    retry = RetryTask(bench.database, bench.clock, bench.ids, quotas=bench.quotas)
    request = RetryTaskRequest(actor, task.id, "later")
    with pytest.raises(QuotaExceeded):
        retry(request)
    bench.clock.advance(timedelta(hours=1))
    assert retry(request)
