"""What an operator may do: put tasks back, give them up, keep things for a while, compare."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.persistence.migrations import Migrations
from adapters.persistence.sqlite import SqliteDatabase
from adapters.storage.disk import DiskObjectStore
from application.administration.check_files import CheckFiles
from application.administration.copy_files import CopyFiles
from application.administration.drop_task import DropTask
from application.administration.list_tasks import ListTasks
from application.administration.requeue_task import RequeueTask
from application.administration.retain import Retain, RetentionPolicy
from application.administration.sweep_orphans import Findings, SweepOrphans
from application.audit import Operator
from application.errors import FileGone, NotFound
from application.images.download_image import DownloadImage, DownloadImageRequest
from application.images.open_result import OpenResult, OpenResultRequest
from application.ports.download_links import LinkedFile
from application.ports.image_editor import EditFailed
from application.ports.object_store import ObjectMissing
from application.ports.repositories.files import FileKind
from application.ports.repositories.tasks import TaskFilter
from domain.errors import IllegalTransition
from domain.images.gone import Gone
from domain.images.operations import Watermark
from domain.images.pipeline import Pipeline
from domain.tasks.task import Failure, FailureCode, Task, TaskStatus
from tests import pictures
from tests.unit.application.workbench import AT_ONCE, MINUTE, Workbench

DAY = timedelta(days=1)
MARKED = Pipeline((Watermark("logo.png"),))

BY = Operator("tasks requeue")


def a_failed_task(bench: Workbench) -> Task:
    """A task over a picture that a logo came with."""
    uploaded = bench.upload(
        bench.an_actor(), pipeline=MARKED, attachments={"logo.png": pictures.one_pixel()}
    )

    def refuse() -> None:
        raise EditFailed(Failure(FailureCode.DECODE_FAILED, "The file is no picture."))

    before, bench.editor.meanwhile = bench.editor.meanwhile, refuse
    bench.process_task()(uploaded.task_id)
    bench.editor.meanwhile = before
    bench.announce_outcome(uploaded.task_id)
    bench.take_outbox()
    return bench.task(uploaded.task_id)


def put_stray(bench: Workbench, key: str | None = None) -> str:
    key = key or f"{uuid4()}/1"
    with bench.object_store.stage() as staged:
        staged.write(b"nobody's")
        bench.object_store.put(key, staged)
    return key


def sweep(bench: Workbench, *, act: bool, later: timedelta = timedelta()) -> Findings:
    """Sweep as if it were *later* than it is."""
    bench.clock.moment = datetime.now(UTC) + later
    return SweepOrphans(bench.database, bench.object_store, bench.clock)(act=act)


class TestRequeue:
    def test_a_task_that_is_put_back_is_done_and_its_owner_told_anew(
        self, bench: Workbench
    ) -> None:
        task = a_failed_task(bench)
        [first] = bench.deliveries_of(task.id)

        RequeueTask(bench.database)(task.id, BY)
        assert bench.take_outbox() == [("TaskQueued", task.id)]
        bench.process_task()(task.id)
        bench.announce_outcome(task.id)

        assert bench.task(task.id).status is TaskStatus.COMPLETED
        [second] = bench.deliveries_of(task.id)
        assert second.id != first.id
        assert [notice.failure is None for _, notice in bench.mail.sent] == [False, True]

    def test_a_late_word_of_the_first_end_changes_nothing(self, bench: Workbench) -> None:
        task = a_failed_task(bench)
        RequeueTask(bench.database)(task.id, BY)

        bench.announce_outcome(task.id)

        assert bench.deliveries_of(task.id) == []

    def test_only_what_failed_is_put_back(self, bench: Workbench) -> None:
        done = bench.a_completed_task()

        with pytest.raises(IllegalTransition):
            RequeueTask(bench.database)(done.id, BY)
        with pytest.raises(NotFound):
            RequeueTask(bench.database)(uuid4(), BY)

    def test_a_picture_that_is_no_longer_kept_cannot_be_done_again(self, bench: Workbench) -> None:
        task = a_failed_task(bench)
        keep(bench, originals=AT_ONCE)

        with pytest.raises(FileGone):
            RequeueTask(bench.database)(task.id, BY)

        assert bench.task(task.id).status is TaskStatus.FAILED


class TestDrop:
    def test_the_task_is_cancelled_and_its_files_are_gone(self, bench: Workbench) -> None:
        task = a_failed_task(bench)
        assert len(bench.stored()) == 2

        DropTask(bench.database, bench.object_store, bench.clock)(task.id, BY)

        assert bench.stored() == set()
        assert bench.task(task.id).status is TaskStatus.CANCELLED
        assert bench.image(task.image_id).gone is Gone.REMOVED
        assert bench.take_outbox() == []

    def test_whoever_still_waits_is_told(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        bench.take_outbox()

        DropTask(bench.database, bench.object_store, bench.clock)(uploaded.task_id, BY)

        assert bench.take_outbox() == [("TaskFailed", uploaded.task_id)]
        bench.announce_outcome(uploaded.task_id)
        [(_, notice)] = bench.mail.sent
        assert notice.failure.code is FailureCode.CANCELLED

    def test_what_is_in_hand_stays_in_hand(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        bench.write(lambda work: work.tasks.claim(uploaded.task_id, MINUTE))

        with pytest.raises(IllegalTransition):
            DropTask(bench.database, bench.object_store, bench.clock)(uploaded.task_id, BY)

        assert len(bench.stored()) == 1


def test_every_task_is_listed_once_while_they_are_put_back(bench: Workbench) -> None:
    tasks = {a_failed_task(bench).id for _ in range(5)}
    list_tasks, requeue = ListTasks(bench.database), RequeueTask(bench.database)

    seen = []
    for task in list_tasks.every(TaskFilter(TaskStatus.FAILED), page=2):
        requeue(task.id, BY)
        seen.append(task.id)

    assert len(seen) == 5 and set(seen) == tasks


def keep(bench: Workbench, **policy: timedelta | None) -> int:
    return Retain(bench.database, bench.object_store, RetentionPolicy(**policy))()


class TestRetention:
    def test_everything_is_kept_for_ever_unless_something_is_said(self, bench: Workbench) -> None:
        bench.a_completed_task()

        assert keep(bench) == 0
        assert len(bench.stored()) == 2

    def test_a_result_that_is_too_old_answers_that_it_is_gone(self, bench: Workbench) -> None:
        actor = bench.an_actor()
        task = bench.a_completed_task(actor)
        link = DownloadImage(bench.database, bench.links, MINUTE)
        url = link(DownloadImageRequest(actor, task.image_id))

        assert keep(bench, results=AT_ONCE) == 1

        assert bench.stored() == {bench.image(task.image_id).file_path}
        with pytest.raises(FileGone):
            link(DownloadImageRequest(actor, task.image_id))
        query = dict(part.split("=") for part in url.partition("?")[2].split("&"))
        request = OpenResultRequest(
            LinkedFile(task.id, "main"), query["exp"], query["kid"], query["sig"]
        )
        with pytest.raises(FileGone):
            OpenResult(bench.database, bench.object_store, bench.links)(request)
        assert bench.task(task.id).status is TaskStatus.COMPLETED

    def test_an_original_stays_while_it_is_needed(self, bench: Workbench) -> None:
        bench.upload(bench.an_actor())

        assert keep(bench, originals=AT_ONCE, results=AT_ONCE) == 0
        assert len(bench.stored()) == 1

    def test_what_is_young_stays(self, bench: Workbench) -> None:
        bench.a_completed_task()

        assert keep(bench, originals=2 * DAY, results=2 * DAY, logs=2 * DAY) == 0
        assert len(bench.stored()) == 2

    def test_a_forecast_tells_what_would_go_and_touches_nothing(self, bench: Workbench) -> None:
        task = bench.a_completed_task()
        policy = RetentionPolicy(AT_ONCE, AT_ONCE, AT_ONCE)
        retain = Retain(bench.database, bench.object_store, policy)

        due = retain.forecast()

        assert (due.originals.number, due.results.number, due.logs) == (1, 1, 1)
        assert due.results.byte_size == task.results[0].byte_size
        assert len(bench.stored()) == 2
        assert retain() == 3
        assert bench.stored() == set()


class TestSweepOrphans:
    def test_a_dry_run_tells_and_touches_nothing(self, bench: Workbench) -> None:
        bench.a_completed_task()
        put_stray(bench)
        before = bench.stored()

        findings = sweep(bench, act=False, later=2 * DAY)

        assert (findings.orphans, findings.orphan_bytes) == (1, len(b"nobody's"))
        assert (findings.objects, findings.missing_count) == (3, 0)
        assert bench.stored() == before

    def test_an_old_object_without_a_row_goes_and_nothing_else(self, bench: Workbench) -> None:
        bench.a_completed_task()
        a_failed_task(bench)
        bench.upload(bench.an_actor())
        named = bench.stored()
        put_stray(bench)

        assert sweep(bench, act=True, later=2 * DAY).orphans == 1

        assert bench.stored() == named

    def test_an_upload_under_way_is_safe(self, bench: Workbench) -> None:
        """Bytes come first, rows second."""
        key = put_stray(bench)

        findings = sweep(bench, act=True, later=DAY - MINUTE)

        assert (findings.orphans, findings.young) == (0, 1)
        assert bench.stored() == {key}

    def test_what_is_not_of_our_form_is_left_alone(self, bench: Workbench) -> None:
        foreign = {put_stray(bench, key) for key in ("2024/01", "abc", f"{uuid4()}/a-b")}

        assert sweep(bench, act=True, later=2 * DAY).foreign == 3
        assert bench.stored() == foreign

    def test_what_was_left_by_a_removal_that_a_crash_cut_short_goes(self, bench: Workbench) -> None:
        task = bench.a_completed_task()
        holders = bench.write(lambda work: work.files.forget_originals(AT_ONCE, 10))
        assert len(holders) == 1 and len(bench.stored()) == 2

        sweep(bench, act=True, later=2 * DAY)

        assert bench.stored() == {task.results[0].file_path}

    def test_a_row_without_its_object_is_marked_and_its_download_says_so(
        self, bench: Workbench
    ) -> None:
        actor = bench.an_actor()
        task = bench.a_completed_task(actor)
        bench.object_store.delete(task.results[0].file_path)

        assert [one.kind for one in sweep(bench, act=False).missing] == [FileKind.RESULT]
        assert bench.task(task.id).gone is None
        sweep(bench, act=True)

        assert bench.task(task.id).gone is Gone.MISSING
        with pytest.raises(ObjectMissing):
            DownloadImage(bench.database, bench.links, MINUTE)(
                DownloadImageRequest(actor, task.image_id)
            )

    def test_what_comes_back_is_not_deleted_and_loses_its_mark(self, bench: Workbench) -> None:
        task = bench.a_completed_task()
        key = task.results[0].file_path
        bench.object_store.delete(key)
        sweep(bench, act=True)
        put_stray(bench, key)

        findings = sweep(bench, act=True, later=2 * DAY)

        assert (findings.orphans, findings.found_again) == (0, 1)
        assert bench.task(task.id).gone is None
        assert key in bench.stored()

    def test_a_store_that_no_row_knows_looks_wrong(self) -> None:
        assert Findings(objects=150, orphans=120).look_wrong
        assert not Findings(objects=1000, orphans=120).look_wrong
        assert not Findings(objects=3, orphans=3).look_wrong

    def test_many_objects_are_looked_at_a_page_at_a_time(self, bench: Workbench) -> None:
        for _ in range(1_100):
            put_stray(bench)

        told: list[int] = []
        bench.clock.moment = datetime.now(UTC) + 2 * DAY
        sweep_orphans = SweepOrphans(bench.database, bench.object_store, bench.clock)
        findings = sweep_orphans(act=True, on_progress=lambda _, number: told.append(number))

        assert findings.orphans == 1_100
        assert max(told) <= 500 and sum(told) == 1_100
        assert bench.stored() == set()


class TestCopy:
    @pytest.fixture
    def copied(self, bench: Workbench, tmp_path: Path) -> Iterator[CopyFiles]:
        store = DiskObjectStore(tmp_path / "copy")
        database = SqliteDatabase(tmp_path / "copy.sqlite", durable=False)
        yield CopyFiles(bench.database, bench.object_store, database, store)
        database.close()

    def snapshot(self, bench: Workbench, copied: CopyFiles) -> None:
        bench.database.copy_to(copied.copy.path)

    def test_holds_whatever_the_copied_rows_name(self, bench: Workbench, copied: CopyFiles) -> None:
        bench.a_completed_task()
        a_failed_task(bench)
        self.snapshot(bench, copied)
        named = bench.stored()
        bench.a_completed_task()

        outcome = copied()

        assert (outcome.copied, outcome.lost) == (4, [])
        assert set(copied.target.keys()) == named
        assert CheckFiles(copied.copy, copied.target)().bad == []
        assert (copied().copied, copied().there_already) == (0, 4)

    def test_what_is_removed_meanwhile_is_no_loss(
        self, bench: Workbench, copied: CopyFiles
    ) -> None:
        bench.a_completed_task()
        self.snapshot(bench, copied)
        keep(bench, results=AT_ONCE)

        outcome = copied()

        assert (outcome.copied, outcome.removed, outcome.lost) == (1, 1, [])
        assert CheckFiles(copied.copy, copied.target)().bad == []

    def test_what_the_source_has_lost_is_told(self, bench: Workbench, copied: CopyFiles) -> None:
        task = bench.a_completed_task()
        self.snapshot(bench, copied)
        bench.object_store.delete(task.results[0].file_path)

        outcome = copied()

        assert [holder.id for holder in outcome.lost] == [task.id]
        [bad] = CheckFiles(copied.copy, copied.target)().bad
        assert (bad.fault, bad.key) == ("missing", task.results[0].file_path)

    def test_a_flipped_byte_is_told(self, bench: Workbench, copied: CopyFiles) -> None:
        task = bench.a_completed_task()
        self.snapshot(bench, copied)
        copied()
        [path] = (copied.target._objects).glob(f"*/{task.id}.1")
        content = bytearray(path.read_bytes())
        content[0] ^= 1
        path.write_bytes(content)

        [bad] = CheckFiles(copied.copy, copied.target)().bad

        assert (bad.fault, bad.holder.kind) == ("corrupt", FileKind.RESULT)

    def test_a_database_copy_is_whole_and_replaces_the_one_before(
        self, bench: Workbench, tmp_path: Path
    ) -> None:
        path = tmp_path / "it's a copy.sqlite"
        bench.a_user()
        bench.database.copy_to(path)
        second = bench.a_user()
        bench.database.copy_to(path)

        database = SqliteDatabase(path)
        with database.reading() as work:
            assert work.users.get(second.id) == second
        assert Migrations(database).pending() == []
        database.close()
        assert not list(tmp_path.glob("*.part"))
        assert os.stat(path).st_mode & 0o077 == 0
