"""What letting a picture go promises over every database, whatever else happens to it meanwhile."""

import itertools
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest

from adapters.storage.disk import DiskObjectStore
from adapters.system.clock import SystemClock
from adapters.system.ids import RandomIds
from application.accounts.finish_erasure import FinishErasure
from application.actor import Actor
from application.errors import NotFound
from application.idempotency import IdempotencyKey
from application.images.erase_image import EraseImage, EraseImageRequest
from application.images.list_images import ListImages, ListImagesRequest
from application.tasks.cancel_task import CancelTask, CancelTaskRequest
from application.tasks.process_task import ProcessOutcome
from application.tasks.retry_task import RetriedTask, RetryTask, RetryTaskRequest
from domain.errors import IllegalTransition
from tests.builders import a_delivery, a_result
from tests.contracts.databases import PLACES, QUICK_PLACES
from tests.unit.application.workbench import MINUTE, Workbench

A_MOMENT = 0.15
"""Long enough for another thread to come to the lock that it then waits for."""
ROUNDS = 12


class Meanwhile(RandomIds):
    """In the middle of a transaction, something else begins, and comes as far as it can."""

    def __init__(self, begin: Callable[[], object]) -> None:
        self._begin = begin

    def new(self) -> UUID:
        self._begin()
        time.sleep(A_MOMENT)
        return super().new()


class Counting(RandomIds):
    """Gives ids that are lower than any other."""

    def new(self) -> UUID:
        return UUID(int=next(_NUMBERS))


_NUMBERS = itertools.count(1)


@attrs.frozen
class Desk:
    """The use cases around one picture of somebody's, and threads for what races."""

    bench: Workbench
    actor: Actor
    pool: ThreadPoolExecutor

    def erase(self, image_id: UUID, **overrides: Any) -> None:
        bench = self.bench
        use_case = EraseImage(
            bench.database, **{"ids": bench.ids, "clock": bench.clock} | overrides
        )
        use_case(EraseImageRequest(self.actor, image_id))

    def retry(self, task_id: UUID, **overrides: Any) -> RetriedTask:
        bench = self.bench
        use_case = RetryTask(bench.database, SystemClock(), **{"ids": bench.ids} | overrides)
        return use_case(RetryTaskRequest(self.actor, task_id, "a-request"))

    def finish(self) -> None:
        """Carry every erasure to its end."""
        bench = self.bench
        use_case = FinishErasure(bench.database, bench.object_store, bench.clock, bench.failpoints)
        while messages := bench.take_outbox():
            for kind, subject in messages:
                if kind == "ErasureDue":
                    use_case(subject)

    def rows(self) -> dict[str, int]:
        """Return how many rows there are where pictures leave some."""
        with self.bench.database.reading() as work:
            connection = work.erasures._connection  # type: ignore[attr-defined]
            tables = ("images", "tasks", "results", "deliveries", "processing_log", "erasures")
            found = {name: connection.rows(f"SELECT count(*) FROM {name}")[0][0] for name in tables}
        return {name: count for name, count in found.items() if count}


@pytest.fixture(params=QUICK_PLACES)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    place = PLACES[request.param](request)
    database: Any = place.open()
    bench = Workbench(database, DiskObjectStore(tmp_path / "store"))
    with ThreadPoolExecutor(8) as pool:
        yield Desk(bench, bench.an_actor(), pool)
    place.leave()


def outcome_of(call: Callable[[], object]) -> type[Exception] | None:
    try:
        call()
    except Exception as error:  # noqa: BLE001
        return type(error)
    return None


def test_of_two_at_once_one_finds_it(desk: Desk) -> None:
    image_id = desk.bench.a_completed_task(desk.actor).image_id
    second: list[Future[Any]] = []

    def begin() -> None:
        second.append(desk.pool.submit(outcome_of, lambda: desk.erase(image_id)))

    desk.erase(image_id, ids=Meanwhile(begin))

    assert second[0].result() is NotFound
    desk.finish()
    assert (desk.rows(), desk.bench.stored()) == ({}, set())


def test_of_eight_at_once_one_finds_it(desk: Desk) -> None:
    image_id = desk.bench.a_completed_task(desk.actor).image_id

    ends = list(desk.pool.map(lambda _: outcome_of(lambda: desk.erase(image_id)), range(8)))

    assert sorted(ends, key=str) == [NotFound] * 7 + [None]


def test_all_who_hold_its_tasks_begin_at_the_oldest(desk: Desk) -> None:
    """Two who let one picture go waited for each other's task, until the database sent one away."""
    oldest = desk.bench.a_completed_task(desk.actor)
    younger = desk.retry(oldest.id, ids=Counting()).task_id
    assert younger < oldest.id

    with desk.bench.database.writing() as work:
        work.tasks.hold(oldest.id)
        erased = desk.pool.submit(desk.erase, oldest.image_id)
        time.sleep(A_MOMENT)
        work.tasks.hold(younger)
        work.commit()
    erased.result()

    desk.finish()
    assert (desk.rows(), desk.bench.stored()) == ({}, set())


def test_what_is_run_again_at_that_moment_goes_as_well(desk: Desk) -> None:
    ended = desk.bench.a_completed_task(desk.actor)
    erased: list[Future[Any]] = []

    def begin() -> None:
        erased.append(desk.pool.submit(outcome_of, lambda: desk.erase(ended.image_id)))

    again = desk.retry(ended.id, ids=Meanwhile(begin))

    assert erased[0].result() is None
    assert desk.bench.task(again.task_id) is None
    desk.finish()
    assert (desk.rows(), desk.bench.stored()) == ({}, set())


def test_what_is_run_again_a_moment_too_late_is_not_there(desk: Desk) -> None:
    ended = desk.bench.a_completed_task(desk.actor)
    retried: list[Future[Any]] = []

    def begin() -> None:
        retried.append(desk.pool.submit(outcome_of, lambda: desk.retry(ended.id)))

    desk.erase(ended.image_id, ids=Meanwhile(begin))

    assert retried[0].result() is NotFound
    desk.finish()
    assert (desk.rows(), desk.bench.stored()) == ({}, set())


def test_a_worker_that_ends_its_task_a_moment_too_late_has_made_nothing(desk: Desk) -> None:
    bench = desk.bench
    uploaded = bench.upload(desk.actor)
    erased: list[Future[Any]] = []

    def erase() -> None:
        drawn = Meanwhile(
            lambda: None
        )  # the worker comes to its end while this transaction is open
        erased.append(desk.pool.submit(desk.erase, uploaded.image_id, ids=drawn))
        time.sleep(A_MOMENT / 3)

    bench.editor.meanwhile = erase

    assert bench.process_task()(uploaded.task_id) is ProcessOutcome.SUPERSEDED
    erased[0].result()
    desk.finish()
    assert (desk.rows(), desk.bench.stored()) == ({}, set())


def test_what_a_worker_is_just_ending_goes_with_its_results(desk: Desk) -> None:
    bench = desk.bench
    task = bench.task(bench.upload(desk.actor).task_id)
    done = bench.write(lambda work: work.tasks.claim(task.id, MINUTE))
    result = a_result(file_path=f"{task.id}/1")
    with bench.object_store.stage() as staged:
        staged.write(b"drawn")
        bench.object_store.put(result.file_path, staged)
    done.complete([result], bench.clock.now())

    with bench.database.writing() as work:
        assert work.tasks.save_if_held(done)
        erased = desk.pool.submit(desk.erase, task.image_id)
        time.sleep(A_MOMENT)
        work.commit()
    erased.result()

    desk.finish()
    assert (desk.rows(), desk.bench.stored()) == ({}, set())


def test_a_notice_that_is_just_planned_goes_as_well(desk: Desk) -> None:
    bench = desk.bench
    task = bench.a_completed_task(desk.actor)

    with bench.database.writing() as work:
        assert work.tasks.mark_announced(task.id)
        work.deliveries.add_new([a_delivery(task)])
        erased = desk.pool.submit(desk.erase, task.image_id)
        time.sleep(A_MOMENT)
        work.commit()
    erased.result()

    desk.finish()
    assert desk.rows() == {}


def test_nobody_is_told_of_what_has_just_gone(desk: Desk) -> None:
    bench = desk.bench
    task = bench.a_completed_task(desk.actor)
    announced: list[Future[Any]] = []

    def begin() -> None:
        announced.append(desk.pool.submit(bench.announce_outcome, task.id))

    desk.erase(task.image_id, ids=Meanwhile(begin))

    announced[0].result()
    desk.finish()
    assert (bench.mail.sent, desk.rows()) == ([], {})


def test_whatever_comes_together_nothing_is_left_and_nothing_breaks(desk: Desk) -> None:
    """Retries, cancellations, workers, notifiers and two who let go, all at once, many times."""
    bench = desk.bench

    def work_through(image_id: UUID, task_id: UUID) -> list[type[Exception] | None]:
        def retry_and_draw() -> None:
            again = desk.retry(task_id).task_id
            bench.process_task()(again)
            bench.announce_outcome(again)

        def retry_and_cancel() -> None:
            again = desk.retry(task_id).task_id
            CancelTask(bench.database, bench.clock)(CancelTaskRequest(desk.actor, again))

        def let_go() -> None:
            time.sleep(random.uniform(0, 0.02))
            desk.erase(image_id)

        calls = [retry_and_draw, retry_and_cancel, let_go, retry_and_draw, let_go]
        return list(desk.pool.map(outcome_of, calls))

    ends = set()
    for _ in range(ROUNDS):
        task = bench.a_completed_task(desk.actor)
        one = work_through(task.image_id, task.id)
        assert sorted((one[2], one[4]), key=str) == [NotFound, None]
        ends |= set(one)

    assert ends <= {None, NotFound, IllegalTransition}
    desk.finish()
    assert (desk.rows(), desk.bench.stored()) == ({}, set())


def test_an_upload_that_is_sent_again_brings_nothing_back(desk: Desk) -> None:
    """Its answer is the one that it had, of an image that is gone."""
    bench, key = desk.bench, IdempotencyKey(str(desk.actor.user_id), "key-1", "an upload")
    first = bench.upload(desk.actor, idempotency=key)
    desk.erase(first.image_id)
    desk.finish()

    again = bench.upload(desk.actor, idempotency=key)

    assert (again.image_id, again.task_id, again.replayed) == (first.image_id, first.task_id, True)
    assert (desk.rows(), desk.bench.stored()) == ({}, set())
    assert list(ListImages(bench.database)(ListImagesRequest(desk.actor)).images) == []
