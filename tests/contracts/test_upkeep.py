"""What every database promises to whoever looks after the platform."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from application.ports.repositories.files import Amount, FileKind, Holder
from application.ports.repositories.tasks import TaskFilter
from application.ports.unit_of_work import Database
from domain.images.analysis import Analysis
from domain.images.gone import Gone
from domain.notifications.delivery import DeliveryStatus
from domain.tasks.events import TaskFailed, TaskQueued
from domain.tasks.log_entry import LogEntry
from domain.tasks.task import Failure, FailureCode, Task, TaskStatus
from tests.builders import (
    A_SHA256,
    NOON,
    a_delivery,
    a_result,
    a_session,
    an_analysis,
    an_asset_of,
    an_image,
)
from tests.contracts.test_unit_of_work import (
    AT_ONCE,
    MINUTE,
    a_queued_task,
    a_stored_user,
    claimed,
    read,
    take_all,
    write,
)
from tests.contracts.test_unit_of_work import database as database  # a fixture

CENTURY = timedelta(days=36_500)
POISONED = Failure(FailureCode.POISONED, "The picture is set aside.")
BROKEN = Failure(FailureCode.DECODE_FAILED, "The file is no picture.")


def a_stored_task(database: Database, **overrides: object) -> Task:
    """A queued task over an image with a file that came with it."""
    image = an_image(a_stored_user(database))
    image = an_image(id=image.id, user_id=image.user_id, file_path=f"{image.id}/0")
    logo = uuid4()
    assets = {"badge.png": f"{image.id}/1", "logo.png": f"{logo}/0"}
    task = a_queued_task(image, **{"assets": assets} | overrides)
    write(database, lambda work: work.images.add(image, task))
    return task


def failed(database: Database, failure: Failure = POISONED, **overrides: object) -> Task:
    task = claimed(database, a_stored_task(database, **overrides))
    task.fail(failure, datetime.now(UTC))
    assert write(database, lambda work: work.tasks.save_if_held(task))
    return task


def completed(database: Database, **overrides: object) -> Task:
    task = claimed(database, a_stored_task(database, **overrides))
    task.complete((a_result(file_path=f"{task.id}/1"),), datetime.now(UTC))
    assert write(database, lambda work: work.tasks.save_if_held(task))
    return task


def stored(database: Database, task: Task) -> Task:
    return read(database, lambda work: work.tasks.get(task.id))


def analysis_of(database: Database, task: Task) -> Analysis | None:
    return read(database, lambda work: work.tasks.newest_analysis_of(task.image_id))


def holders(database: Database, kind: FileKind) -> list[Holder]:
    return list(read(database, lambda work: work.files.page(kind, None, 100)))


def keys_of(found: Sequence[Holder]) -> set[str]:
    return {file.key for holder in found for file in holder.files}


class TestDecisions:
    def test_a_task_that_is_put_back_starts_anew_and_keeps_its_fence(
        self, database: Database
    ) -> None:
        task = failed(database)
        write(database, lambda work: work.tasks.mark_announced(task.id))
        take_all(database)
        again = stored(database, task)

        again.requeue()
        assert write(database, lambda work: work.tasks.save_decided(again, TaskStatus.FAILED))

        after = stored(database, task)
        assert (after.status, after.failure, after.finished_at) == (TaskStatus.QUEUED, None, None)
        assert (after.attempts, after.deaths, after.fence) == (0, 0, 1)
        image = read(database, lambda work: work.images.get(task.image_id))
        assert image.status is TaskStatus.QUEUED
        assert [message.kind for message in take_all(database)] == [TaskQueued.__name__]
        assert claimed(database, task).fence == 2

    def test_its_new_end_is_announced_if_nobody_else_does(self, database: Database) -> None:
        task = failed(database)
        write(database, lambda work: work.tasks.mark_announced(task.id))
        again = stored(database, task)
        again.requeue()
        write(database, lambda work: work.tasks.save_decided(again, TaskStatus.FAILED))
        second = claimed(database, task)
        second.fail(BROKEN, NOON)
        write(database, lambda work: work.tasks.save_if_held(second))
        take_all(database)

        assert write(database, lambda work: work.tasks.announce_again(-MINUTE, 10)) == 1

    def test_of_two_decisions_the_first_holds(self, database: Database) -> None:
        task = failed(database)
        first, second = stored(database, task), stored(database, task)
        first.requeue()
        second.drop(NOON)

        assert write(database, lambda work: work.tasks.save_decided(first, TaskStatus.FAILED))
        take_all(database)
        assert not write(database, lambda work: work.tasks.save_decided(second, TaskStatus.FAILED))

        assert stored(database, task).status is TaskStatus.QUEUED
        assert take_all(database) == []

    def test_a_queued_task_that_is_dropped_cannot_be_claimed(self, database: Database) -> None:
        task = a_stored_task(database)
        take_all(database)

        task = stored(database, task)
        task.drop(NOON)
        assert write(database, lambda work: work.tasks.save_decided(task, TaskStatus.QUEUED))

        assert write(database, lambda work: work.tasks.claim(task.id, MINUTE)) is None
        assert stored(database, task).failure.code is FailureCode.CANCELLED
        assert [message.kind for message in take_all(database)] == [TaskFailed.__name__]

    def test_a_task_in_hand_that_is_cancelled_is_nobodys_any_longer(
        self, database: Database
    ) -> None:
        task = a_stored_task(database)
        held = claimed(database, task)
        take_all(database)
        assert write(database, lambda work: work.tasks.note_progress(held, 40))
        assert stored(database, task).progress == 40

        cancelled = stored(database, task)
        cancelled.cancel(NOON)
        assert write(
            database, lambda work: work.tasks.save_decided(cancelled, TaskStatus.IN_PROGRESS)
        )

        assert not write(database, lambda work: work.tasks.note_progress(held, 80))
        held.fail(BROKEN, NOON)
        assert not write(database, lambda work: work.tasks.save_if_held(held))
        assert write(database, lambda work: work.tasks.expired(10)) == []
        assert stored(database, task).status is TaskStatus.CANCELLED
        assert take_all(database) == []
        image = read(database, lambda work: work.images.get(task.image_id))
        assert image.status is TaskStatus.CANCELLED

    def test_a_new_claim_begins_at_nothing(self, database: Database) -> None:
        task = a_stored_task(database)
        held = claimed(database, task)
        write(database, lambda work: work.tasks.note_progress(held, 40))
        held.hand_back()
        write(database, lambda work: work.tasks.save_if_held(held))

        assert claimed(database, task).progress == 0
        assert not write(database, lambda work: work.tasks.note_progress(held, 50))

    def test_an_image_shows_its_newest_task(self, database: Database) -> None:
        first = failed(database)
        take_all(database)
        again = stored(database, first).again(
            id=uuid4(), created_at=NOON + MINUTE, correlation_id="later"
        )

        write(database, lambda work: work.tasks.add(again))

        newest = read(database, lambda work: work.tasks.newest_of(first.image_id))
        assert newest.id == again.id
        image = read(database, lambda work: work.images.get(first.image_id))
        assert image.status is TaskStatus.QUEUED
        assert [message.subject_id for message in take_all(database)] == [again.id]
        claimed(database, again)
        image = read(database, lambda work: work.images.get(first.image_id))
        assert image.status is TaskStatus.IN_PROGRESS
        assert stored(database, first).status is TaskStatus.FAILED

    def test_deliveries_of_one_task_are_forgotten(self, database: Database) -> None:
        mine, others = a_stored_task(database), a_stored_task(database)
        for task in (mine, others):
            write(database, lambda work: work.deliveries.add_new([a_delivery(task)]))

        write(database, lambda work: work.deliveries.remove_of(mine.id))

        assert read(database, lambda work: work.deliveries.of_task(mine.id)) == []
        assert len(read(database, lambda work: work.deliveries.of_task(others.id))) == 1


class TestPagesOfTasks:
    def page(
        self,
        database: Database,
        wanted: TaskFilter,
        after: Task | None = None,
        limit: int = 10,
    ) -> list[UUID]:
        before = None if after is None else (after.created_at, after.id)
        return [
            task.id for task in read(database, lambda work: work.tasks.page(wanted, before, limit))
        ]

    def test_come_newest_first_each_task_once(self, database: Database) -> None:
        tasks = [
            failed(database, created_at=NOON + timedelta(minutes=number // 2))
            for number in range(5)
        ]
        a_stored_task(database)
        newest_first = sorted(tasks, key=lambda task: (task.created_at, task.id.hex), reverse=True)
        wanted = TaskFilter(TaskStatus.FAILED)

        first = self.page(database, wanted, limit=2)
        second = self.page(database, wanted, newest_first[1], limit=2)
        third = self.page(database, wanted, newest_first[3], limit=2)

        assert first + second + third == [task.id for task in newest_first]

    def test_hold_what_was_asked_for(self, database: Database) -> None:
        old = failed(database)
        young = failed(database, BROKEN, created_at=datetime.now(UTC))
        waiting = a_stored_task(database)

        def found(*wanted: object) -> list[UUID]:
            return self.page(database, TaskFilter(*wanted))

        assert found(TaskStatus.FAILED) == [young.id, old.id]
        assert found(TaskStatus.FAILED, FailureCode.POISONED) == [old.id]
        assert found(TaskStatus.FAILED, None, timedelta(days=1)) == [old.id]
        assert found(TaskStatus.QUEUED) == [waiting.id]
        assert found(TaskStatus.CANCELLED) == []


class TestFiles:
    def test_every_row_names_its_files(self, database: Database) -> None:
        task = completed(database)
        asset = an_asset_of(None)
        write(database, lambda work: work.assets.add(asset))

        originals, results = f"{task.image_id}/", f"{task.id}/1"
        ids = [task.image_id, task.id, asset.id, uuid4()]
        assert read(database, lambda work: work.files.named(ids)) == {
            f"{originals}0", f"{originals}1", results, asset.file_path
        }  # fmt: skip
        assert keys_of(holders(database, FileKind.ORIGINAL)) == {f"{originals}0", f"{originals}1"}
        assert keys_of(holders(database, FileKind.RESULT)) == {results}
        assert keys_of(holders(database, FileKind.ASSET)) == {asset.file_path}
        [file] = holders(database, FileKind.RESULT)[0].files
        assert (file.byte_size, file.sha256) == (61_234, A_SHA256)

    def test_so_many_may_be_asked_about_as_there_are(self, database: Database) -> None:
        task = completed(database)

        ids = [uuid4() for _ in range(230)] + [task.id]

        assert read(database, lambda work: work.files.named(ids)) == {f"{task.id}/1"}

    def test_pages_hold_every_row_once(self, database: Database) -> None:
        tasks = [completed(database) for _ in range(5)]
        found: list[Holder] = []
        after: UUID | None = None
        while page := read(database, lambda work: work.files.page(FileKind.RESULT, after, 2)):
            found += page
            after = page[-1].id

        assert sorted(holder.id for holder in found) == sorted(task.id for task in tasks)
        assert read(database, lambda work: work.files.count(FileKind.RESULT)) == 5

    @pytest.mark.parametrize("kind", [FileKind.ORIGINAL, FileKind.RESULT])
    def test_what_is_removed_is_named_no_more_and_what_is_missing_still_is(
        self, database: Database, kind: FileKind
    ) -> None:
        task = completed(database)
        [holder] = holders(database, kind)

        assert write(database, lambda work: work.files.mark(holder, Gone.MISSING))
        [missing] = holders(database, kind)
        assert (missing.gone, missing.files) == (Gone.MISSING, holder.files)
        assert read(database, lambda work: work.files.named([holder.id])) == keys_of([holder])

        assert not write(database, lambda work: work.files.mark(holder, Gone.REMOVED))
        assert write(database, lambda work: work.files.mark(missing, Gone.REMOVED))
        assert holders(database, kind) == []
        assert read(database, lambda work: work.files.named([holder.id])) == set()
        image = read(database, lambda work: work.images.get(task.image_id))
        shown = image.gone if kind is FileKind.ORIGINAL else stored(database, task).gone
        assert shown is Gone.REMOVED

    def test_originals_are_forgotten_by_age_but_not_while_they_are_needed(
        self, database: Database
    ) -> None:
        done, refused, waiting = completed(database), failed(database), a_stored_task(database)
        young = completed(database, created_at=datetime.now(UTC))
        image = an_image(a_stored_user(database), created_at=datetime.now(UTC))
        young = a_queued_task(image)
        write(database, lambda work: work.images.add(image, young))
        day = timedelta(days=1)

        amount = read(database, lambda work: work.files.old_originals(day))
        first = write(database, lambda work: work.files.forget_originals(day, 2))
        rest = write(database, lambda work: work.files.forget_originals(day, 10))

        forgotten = {holder.id for holder in [*first, *rest]}
        assert len(first) == 2
        assert {done.image_id, refused.image_id} <= forgotten
        assert not {waiting.image_id, image.id} & forgotten
        assert amount == Amount(len(forgotten), 2_050_000 * len(forgotten))
        assert f"{done.image_id}/1" in keys_of([*first, *rest])
        assert read(database, lambda work: work.files.old_originals(day)) == Amount(0)

    def test_what_was_found_out_goes_with_the_original_and_no_sooner(
        self, database: Database
    ) -> None:
        done, other = completed(database), completed(database)
        for task in (done, other):
            again = a_queued_task(an_image(id=task.image_id), user_id=task.user_id)
            write(database, lambda work: work.tasks.add(again))
            held = claimed(database, again)
            held.complete((a_result(),), NOON, an_analysis())
            write(database, lambda work: work.tasks.save_if_held(held))

        write(database, lambda work: work.files.forget_results(-MINUTE, 10))
        assert analysis_of(database, done) == analysis_of(database, other) == an_analysis()
        [first] = write(database, lambda work: work.files.forget_originals(timedelta(), 1))

        gone, kept = (done, other) if first.id == done.image_id else (other, done)
        assert analysis_of(database, gone) is None
        assert analysis_of(database, kept) == an_analysis()
        newest = read(database, lambda work: work.tasks.newest_of(gone.image_id))
        assert newest.analysis is None and newest.results
        for mark, expected in ((Gone.MISSING, an_analysis()), (Gone.REMOVED, None)):
            [holder] = [
                one for one in holders(database, FileKind.ORIGINAL) if one.id == kept.image_id
            ]
            assert write(database, lambda work: work.files.mark(holder, mark))
            assert analysis_of(database, kept) == expected

    def test_results_are_forgotten_by_age(self, database: Database) -> None:
        task = completed(database)
        failed(database)

        assert write(database, lambda work: work.files.forget_results(MINUTE, 10)) == []
        assert read(database, lambda work: work.files.old_results(-MINUTE)) == Amount(1, 61_234)
        [holder] = write(database, lambda work: work.files.forget_results(-MINUTE, 10))

        assert keys_of([holder]) == {f"{task.id}/1"}
        assert stored(database, task).gone is Gone.REMOVED
        assert write(database, lambda work: work.files.forget_results(-MINUTE, 10)) == []


class TestHistory:
    def test_what_is_over_is_forgotten_by_age_a_batch_at_a_time(self, database: Database) -> None:
        task = completed(database)
        over = a_session(read(database, lambda w: w.users.get(task.user_id)), expires_at=NOON)
        for number in range(3):
            entry = LogEntry(task.id, number, NOON, NOON, "retried", None, {})
            write(database, lambda work: work.processing_log.add(entry))
        told, pending = a_delivery(task), a_delivery(task, address="bob@example.com")
        write(database, lambda work: work.deliveries.add_new([told, pending]))
        told.status = DeliveryStatus.DELIVERED
        write(database, lambda work: work.deliveries.save(told))
        write(database, lambda work: work.sessions.add(over))
        time.sleep(0.01)

        assert read(database, lambda work: work.history.count_older_than(CENTURY)) == 0
        assert write(database, lambda work: work.history.remove_older_than(CENTURY, 2)) == 0
        assert read(database, lambda work: work.history.count_older_than(AT_ONCE)) == 5
        assert write(database, lambda work: work.history.remove_older_than(AT_ONCE, 2)) == 4
        assert write(database, lambda work: work.history.remove_older_than(AT_ONCE, 2)) == 1

        assert read(database, lambda work: work.processing_log.of_task(task.id)) == []
        assert read(database, lambda work: work.deliveries.of_task(task.id)) == [pending]
        assert read(database, lambda work: work.sessions.with_user(over.id)) is None
