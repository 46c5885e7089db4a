"""The worker's way through a task, and the way back of a worker that was lost."""

import sqlite3
import threading
from io import BytesIO
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest

from adapters.imaging.header_probe import HeaderProbe
from application.errors import NotFound, PortFailure
from application.ports.image_editor import EditFailed, EditorUnavailable
from application.ports.object_store import StorageFull
from application.ports.unit_of_work import Database, DatabaseUnavailable, UnitOfWork
from application.back_off import BackOff
from application.tasks.cancel_task import CancelTask, CancelTaskRequest
from application.tasks.process_task import ProcessOutcome, RetryPolicy
from application.tasks.view_task import ViewTask, ViewTaskRequest
from domain.images.cost import memory_bytes
from domain.images.formats import ImageFormat
from domain.images.operations import Watermark
from domain.images.pipeline import Pipeline
from domain.tasks.task import Failure, FailureCode, TaskStatus
from tests import pictures
from tests.unit.application.workbench import (
    AT_ONCE,
    MINUTE,
    EndlessMemory,
    StampingEditor,
    Workbench,
)

A_FAILURE = Failure(FailureCode.DECODE_FAILED, "The file is no picture.")
MARKED = Pipeline((Watermark("logo.png"),))


def once(act: Callable[[], object]) -> Callable[[], object]:
    """Return what calls *act* the first time it is called, and no more."""
    left = [act]
    return lambda: left.pop()() if left else None


def raising(error: Exception) -> Callable[[], object]:
    def act() -> None:
        raise error

    return act


class Unanswered(Database):
    """A database whose connection is lost while it answers the first commit, which has worked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_lost = False

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[UnitOfWork]:
        with self._database.writing(durable=durable) as work:
            yield work
        if not self._is_lost:
            self._is_lost = True
            raise DatabaseUnavailable("the connection was lost")

    def reading(self) -> AbstractContextManager[UnitOfWork]:
        return self._database.reading()

    def ping(self) -> None:
        self._database.ping()


class TestProcessTask:
    def test_makes_a_result_of_the_source_and_its_assets(self, bench: Workbench) -> None:
        picture, logo = pictures.small_jpeg(), pictures.one_pixel()
        uploaded = bench.upload(
            bench.an_actor(), picture, pipeline=MARKED, attachments={"logo.png": logo}
        )
        bench.take_outbox()

        outcome = bench.process_task()(uploaded.task_id)

        task = bench.task(uploaded.task_id)
        [result] = task.results
        drawn = StampingEditor.stamp(picture, logo)
        assert outcome is ProcessOutcome.COMPLETED
        assert bench.editor.pipelines == [MARKED]
        assert bench.content(result.file_path) == drawn
        assert (result.variant, result.format, result.byte_size) == (
            "main",
            ImageFormat.WEBP,
            len(drawn),
        )
        assert (task.status, task.finished_at) == (TaskStatus.COMPLETED, bench.clock.now())
        assert bench.image(uploaded.image_id).status is TaskStatus.COMPLETED
        assert bench.log_of(task.id) == [("completed", None)]
        assert bench.take_outbox() == [("TaskCompleted", task.id)]
        assert bench.telemetry.tasks == ["completed"]
        assert set(bench.telemetry.stages) == {
            "queued",
            "fetch",
            "wait_for_memory",
            "edit",
            "decode",
            "store",
        }

    def test_texts_name_whose_picture_it_is_and_when_it_came(self, bench: Workbench) -> None:
        user = bench.a_user(username="<b>${date}")
        actor = bench.actor_of(user)
        text = "${user.username} ${image.id} ${date}"
        day = bench.clock.now().date().isoformat()
        uploaded = bench.upload(actor, pipeline=Pipeline((Watermark(text=text),)))
        bench.clock.advance(timedelta(days=1))

        outcome = bench.process_task()(uploaded.task_id)

        assert outcome is ProcessOutcome.COMPLETED
        [drawn] = bench.editor.pipelines[0].operations
        assert drawn.letters == f"<b>${{date}} {uploaded.image_id} {day}"
        assert bench.task(uploaded.task_id).pipeline.operations[0].text == text

    def test_a_message_that_comes_twice_finds_nothing_to_do(self, bench: Workbench) -> None:
        task = bench.a_completed_task()
        process_task = bench.process_task()
        bench.take_outbox()

        assert process_task(task.id) is ProcessOutcome.SKIPPED
        assert process_task(uuid4()) is ProcessOutcome.SKIPPED

        assert bench.task(task.id) == task
        assert bench.outbox_count() == 0
        assert len(bench.log_of(task.id)) == 1
        assert len(bench.editor.pipelines) == 1

    def test_a_picture_that_cannot_be_drawn_fails_at_once(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        bench.take_outbox()
        failure = Failure(FailureCode.TRUNCATED, "The file ends too early.")
        bench.editor.meanwhile = raising(EditFailed(failure))

        assert bench.process_task()(uploaded.task_id) is ProcessOutcome.FAILED

        task = bench.task(uploaded.task_id)
        assert (task.status, task.failure, task.results) == (TaskStatus.FAILED, failure, ())
        assert bench.image(uploaded.image_id).status is TaskStatus.FAILED
        assert bench.stored() == {bench.image(uploaded.image_id).file_path}
        assert bench.log_of(task.id) == [("failed", "truncated: The file ends too early.")]
        assert bench.take_outbox() == [("TaskFailed", task.id)]

    @pytest.mark.parametrize(
        "fault", [EditorUnavailable("no renderer"), StorageFull("no room left")]
    )
    def test_what_can_heal_is_tried_again_after_a_delay(
        self, bench: Workbench, fault: PortFailure, caplog: pytest.LogCaptureFixture
    ) -> None:
        uploaded = bench.upload(bench.an_actor())
        bench.take_outbox()
        bench.editor.meanwhile = once(raising(fault))
        process_task = bench.process_task()

        assert process_task(uploaded.task_id) is ProcessOutcome.RETRIED
        assert caplog.messages == [f"attempt 1 did not succeed: {fault.code}: {fault}"]

        assert bench.task(uploaded.task_id).status is TaskStatus.QUEUED
        assert bench.image(uploaded.image_id).status is TaskStatus.QUEUED
        assert (bench.outbox_count(), bench.take_outbox()) == (1, [])
        assert process_task(uploaded.task_id) is ProcessOutcome.COMPLETED
        assert [outcome for outcome, _ in bench.log_of(uploaded.task_id)] == [
            "retried",
            "completed",
        ]
        assert bench.telemetry.tasks == ["retried", "completed"]
        assert bench.telemetry.stages.count("queued") == 1
        task = bench.task(uploaded.task_id)
        assert (task.attempts, task.deaths) == (2, 0)

    def test_a_task_that_is_tried_again_is_rung_for(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        bench.take_outbox()
        bench.editor.meanwhile = raising(EditorUnavailable("no renderer"))

        bench.process_task(retries=RetryPolicy(MINUTE, BackOff(AT_ONCE, AT_ONCE)))(uploaded.task_id)

        assert bench.take_outbox() == [("TaskQueued", uploaded.task_id)]

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            (EditorUnavailable("no renderer"), FailureCode.INTERNAL),
            (StorageFull("no room left"), FailureCode.STORAGE_UNAVAILABLE),
        ],
    )
    def test_what_has_not_healed_within_the_budget_fails(
        self, bench: Workbench, fault: Exception, code: FailureCode
    ) -> None:
        uploaded = bench.upload(bench.an_actor())
        bench.editor.meanwhile = raising(fault)
        process_task = bench.process_task()

        bench.clock.advance(timedelta(hours=24) - timedelta(seconds=1))
        assert process_task(uploaded.task_id) is ProcessOutcome.RETRIED
        bench.clock.advance(timedelta(seconds=1))
        assert process_task(uploaded.task_id) is ProcessOutcome.FAILED

        failure = bench.task(uploaded.task_id).failure
        assert failure is not None and failure.code is code
        # Operators read what it was; customers do not.
        assert str(fault) not in failure.detail
        assert str(fault) in str(bench.log_of(uploaded.task_id)[-1])

    @pytest.mark.parametrize(
        ("lost", "code"),
        [("source", FailureCode.SOURCE_MISSING), ("asset", FailureCode.ASSET_MISSING)],
    )
    def test_bytes_that_are_gone_fail_the_task(
        self, bench: Workbench, lost: str, code: FailureCode
    ) -> None:
        uploaded = bench.upload(
            bench.an_actor(), pipeline=MARKED, attachments={"logo.png": pictures.one_pixel()}
        )
        keys = {
            "source": bench.image(uploaded.image_id).file_path,
            "asset": bench.task(uploaded.task_id).assets["logo.png"],
        }
        bench.object_store.delete(keys[lost])

        assert bench.process_task()(uploaded.task_id) is ProcessOutcome.FAILED

        failure = bench.task(uploaded.task_id).failure
        assert failure is not None and failure.code is code
        assert keys[lost] not in failure.detail
        assert bench.editor.pipelines == []

    def test_bytes_that_were_altered_fail_the_task(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        key = bench.image(uploaded.image_id).file_path
        bench.object_store.delete(key)
        with bench.object_store.stage() as staged:
            staged.write(b"another picture")
            bench.object_store.put(key, staged)

        assert bench.process_task()(uploaded.task_id) is ProcessOutcome.FAILED

        failure = bench.task(uploaded.task_id).failure
        assert failure is not None and failure.code is FailureCode.SOURCE_CORRUPT
        assert bench.editor.pipelines == []

    def test_an_error_that_nobody_foresaw_is_tried_again_and_then_told(
        self, bench: Workbench
    ) -> None:
        uploaded = bench.upload(bench.an_actor())
        bench.editor.meanwhile = raising(ZeroDivisionError("by nothing"))
        process_task = bench.process_task()

        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                process_task(uploaded.task_id)

        task = bench.task(uploaded.task_id)
        assert task.failure is not None
        assert task.failure.code is FailureCode.INTERNAL
        assert (task.attempts, task.deaths) == (3, 0)
        assert bench.log_of(task.id) == [
            ("retried", "ZeroDivisionError: by nothing"),
            ("retried", "ZeroDivisionError: by nothing"),
            ("failed", "ZeroDivisionError: by nothing"),
        ]

    def test_a_worker_that_ends_hands_its_tasks_back_without_a_death(
        self, bench: Workbench
    ) -> None:
        uploaded = bench.upload(bench.an_actor())
        process_task = bench.process_task()
        bench.take_outbox()
        bench.editor.meanwhile = process_task.release

        assert process_task(uploaded.task_id) is ProcessOutcome.SUPERSEDED

        task = bench.task(uploaded.task_id)
        assert (task.status, task.deaths) == (TaskStatus.QUEUED, 0)
        assert bench.take_outbox() == [("TaskQueued", task.id)]
        assert bench.stored() == {bench.image(uploaded.image_id).file_path}

    @pytest.mark.parametrize("fault", [None, EditFailed(A_FAILURE), StorageFull("no room")])
    def test_an_end_whose_commit_was_not_answered_is_the_end(
        self, bench: Workbench, fault: Exception | None
    ) -> None:
        """Taken for another worker's, it would have cost the task its result."""
        uploaded = bench.upload(bench.an_actor())
        process_task = bench.process_task()
        bench.take_outbox()

        def lose_the_next_answer() -> None:
            process_task.database = Unanswered(bench.database)
            if fault is not None:
                raise fault

        bench.editor.meanwhile = once(lose_the_next_answer)
        outcome = process_task(uploaded.task_id)

        task = bench.task(uploaded.task_id)
        expected = {None: "completed", EditFailed: "failed", StorageFull: "retried"}
        assert outcome.value == expected[type(fault) if fault else None]
        assert [result.file_path in bench.stored() for result in task.results] == (
            [] if fault else [True]
        )
        assert [logged for logged, _ in bench.log_of(task.id)] == [outcome.value]

    def test_a_pipeline_that_this_version_cannot_read_waits_for_a_newer_worker(
        self, bench: Workbench
    ) -> None:
        uploaded = bench.upload(bench.an_actor())
        with closing(sqlite3.connect(bench.database.path)) as beside, beside:
            beside.execute(
                "UPDATE tasks SET pipeline = ?",
                ('{"version":1,"pipeline":[{"op":"sparkle"}],"output":{}}',),
            )

        assert bench.process_task()(uploaded.task_id) is ProcessOutcome.RETRIED

        assert bench.task(uploaded.task_id).status is TaskStatus.QUEUED
        [(outcome, error)] = bench.log_of(uploaded.task_id)
        assert outcome == "retried"
        assert error is not None and error.startswith("unreadable-pipeline")

    def test_a_picture_of_a_format_of_a_newer_version_waits_for_its_workers(
        self, bench: Workbench
    ) -> None:
        """Its own probe would have called it no picture, and the task would have failed for good."""
        uploaded = bench.upload(bench.an_actor())
        with closing(sqlite3.connect(bench.database.path)) as beside, beside:
            beside.execute("UPDATE images SET format = 'jxl'")

        assert bench.process_task()(uploaded.task_id) is ProcessOutcome.RETRIED

        assert bench.task(uploaded.task_id).status is TaskStatus.QUEUED
        assert [error for _, error in bench.log_of(uploaded.task_id)] == [
            "unreadable-picture: jxl is a newer version's format"
        ]


class TestMemory:
    def test_as_much_is_asked_for_as_header_and_pipeline_say(self, bench: Workbench) -> None:
        logo = pictures.avif_photo()
        uploaded = bench.upload(
            bench.an_actor(),
            pictures.progressive_photo(),
            pipeline=MARKED,
            attachments={"logo.png": logo},
        )
        headers = [
            HeaderProbe().inspect(BytesIO(picture))
            for picture in (pictures.progressive_photo(), logo)
        ]

        bench.process_task()(uploaded.task_id)

        assert bench.memory.needs == [memory_bytes(MARKED, headers[0], {"logo.png": headers[1]})]

    def test_what_is_cancelled_while_it_waits_is_never_drawn(self, bench: Workbench) -> None:
        actor = bench.an_actor()
        uploaded = bench.upload(actor)
        cancel = CancelTask(bench.database, bench.clock)
        bench.memory = EndlessMemory(lambda: cancel(CancelTaskRequest(actor, uploaded.task_id)))

        assert bench.process_task()(uploaded.task_id) is ProcessOutcome.CANCELLED

        assert bench.editor.pipelines == []
        assert bench.task(uploaded.task_id).status is TaskStatus.CANCELLED

    def test_a_lease_is_kept_while_its_task_waits(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        process_task = bench.process_task(lease=AT_ONCE)
        expired = []

        def look() -> None:
            expired.append(bench.expired())
            process_task.lease = MINUTE
            process_task.beat()
            expired.append(bench.expired())

        bench.memory.meanwhile = look

        assert process_task(uploaded.task_id) is ProcessOutcome.COMPLETED
        assert expired == [[uploaded.task_id], []]

    def test_a_worker_that_ends_hands_back_what_waits_at_once(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        bench.take_outbox()
        process_task = bench.process_task()
        bench.memory.meanwhile = process_task.stop_waiting

        assert process_task(uploaded.task_id) is ProcessOutcome.RETRIED

        task = bench.task(uploaded.task_id)
        assert (task.status, task.deaths) == (TaskStatus.QUEUED, 0)
        assert bench.editor.pipelines == []
        assert bench.take_outbox() == [("TaskQueued", task.id)]
        assert "wait_for_memory" in bench.telemetry.stages

        assert bench.process_task(memory=EndlessMemory())(task.id) is ProcessOutcome.COMPLETED


class TestLostWorkers:
    def test_work_done_without_the_lease_is_thrown_away_unseen(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        slow, quick = bench.process_task(lease=AT_ONCE), bench.process_task()
        seen_by_the_quick = []

        def be_overtaken() -> None:
            assert bench.return_expired_tasks() == 1
            assert quick(uploaded.task_id) is ProcessOutcome.COMPLETED
            seen_by_the_quick.append(bench.task(uploaded.task_id))
            bench.take_outbox()

        bench.editor.meanwhile = once(be_overtaken)

        assert slow(uploaded.task_id) is ProcessOutcome.SUPERSEDED

        [result] = bench.task(uploaded.task_id).results
        assert [bench.task(uploaded.task_id)] == seen_by_the_quick
        assert bench.stored() == {bench.image(uploaded.image_id).file_path, result.file_path}
        assert bench.outbox_count() == 0
        assert [outcome for outcome, _ in bench.log_of(uploaded.task_id)] == [
            "lost",
            "completed",
            "superseded",
        ]
        assert bench.telemetry.tasks == ["completed", "superseded"]

    @pytest.mark.parametrize(
        "end",
        [
            lambda: None,
            raising(EditorUnavailable("no renderer")),
            raising(EditFailed(Failure(FailureCode.TIMEOUT, "It took too long."))),
        ],
        ids=["completed", "retried", "failed"],
    )
    def test_however_it_ends_a_lost_lease_says_nothing(
        self, bench: Workbench, end: Callable[[], object]
    ) -> None:
        uploaded = bench.upload(bench.an_actor())

        def be_given_up() -> None:
            bench.return_expired_tasks()
            bench.take_outbox()
            end()

        bench.editor.meanwhile = be_given_up

        outcome = bench.process_task(lease=AT_ONCE)(uploaded.task_id)

        task = bench.task(uploaded.task_id)
        assert outcome is ProcessOutcome.SUPERSEDED
        assert (task.status, task.failure, task.results) == (TaskStatus.QUEUED, None, ())
        assert bench.outbox_count() == 0
        assert bench.stored() == {bench.image(uploaded.image_id).file_path}

    def test_what_its_owner_cancels_is_given_up_in_the_middle(self, bench: Workbench) -> None:
        actor = bench.an_actor()
        uploaded = bench.upload(actor)
        bench.take_outbox()
        cancel = CancelTask(bench.database, bench.clock)
        bench.editor.takes_long = True
        bench.editor.meanwhile = lambda: cancel(CancelTaskRequest(actor, uploaded.task_id))

        assert bench.process_task()(uploaded.task_id) is ProcessOutcome.CANCELLED

        task = bench.task(uploaded.task_id)
        assert (task.status, task.results) == (TaskStatus.CANCELLED, ())
        assert bench.log_of(task.id) == [("cancelled", None)]
        assert bench.outbox_count() == 0
        assert bench.stored() == {bench.image(uploaded.image_id).file_path}

    def test_what_is_cancelled_too_late_to_be_noticed_is_thrown_away(
        self, bench: Workbench
    ) -> None:
        actor = bench.an_actor()
        uploaded = bench.upload(actor)
        cancel = CancelTask(bench.database, bench.clock)
        bench.editor.meanwhile = lambda: cancel(CancelTaskRequest(actor, uploaded.task_id))

        assert bench.process_task()(uploaded.task_id) is ProcessOutcome.CANCELLED

        assert bench.task(uploaded.task_id).status is TaskStatus.CANCELLED
        assert bench.stored() == {bench.image(uploaded.image_id).file_path}

    def test_how_far_a_long_task_is_can_be_seen(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        bench.editor.takes_long = True

        assert bench.process_task()(uploaded.task_id) is ProcessOutcome.COMPLETED

        assert bench.task(uploaded.task_id).progress == 50

    def test_a_beat_renews_the_lease_of_what_is_in_hand(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        process_task = bench.process_task(lease=AT_ONCE)
        expired = []

        def beat() -> None:
            expired.append(bench.expired())
            process_task.lease = MINUTE
            process_task.beat()
            expired.append(bench.expired())

        bench.editor.meanwhile = beat

        assert process_task(uploaded.task_id) is ProcessOutcome.COMPLETED
        process_task.beat()

        assert expired == [[uploaded.task_id], []]

    def test_a_worker_that_overtakes_itself_goes_on_beating(self, bench: Workbench) -> None:
        """The first slot's end made the worker forget the second's, whose lease then ran out."""
        uploaded = bench.upload(bench.an_actor())
        process_task = bench.process_task(lease=AT_ONCE)
        second_is_drawing, first_is_done = threading.Event(), threading.Event()
        outcomes = []
        second = threading.Thread(target=lambda: outcomes.append(process_task(uploaded.task_id)))

        def overtake() -> None:
            bench.return_expired_tasks()
            second.start()
            assert second_is_drawing.wait(10)

        def draw_slowly() -> None:
            second_is_drawing.set()
            assert first_is_done.wait(10)

        acts = iter((overtake, draw_slowly))
        bench.editor.meanwhile = lambda: next(acts)()

        assert process_task(uploaded.task_id) is ProcessOutcome.SUPERSEDED
        process_task.lease = MINUTE
        process_task.beat()
        expired = bench.expired()
        first_is_done.set()
        second.join(10)

        assert expired == []
        assert outcomes == [ProcessOutcome.COMPLETED]


class TestReturnExpiredTasks:
    def die_over(self, bench: Workbench, task_id: object) -> None:
        bench.write(lambda work: work.tasks.claim(task_id, AT_ONCE))
        assert bench.return_expired_tasks() == 1

    def test_a_lost_task_goes_back_to_the_queue(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        bench.take_outbox()

        self.die_over(bench, uploaded.task_id)

        task = bench.task(uploaded.task_id)
        assert (task.status, task.deaths) == (TaskStatus.QUEUED, 1)
        assert bench.image(uploaded.image_id).status is TaskStatus.QUEUED
        assert bench.take_outbox() == [("TaskQueued", task.id)]
        assert bench.process_task()(task.id) is ProcessOutcome.COMPLETED

    def test_the_log_tells_of_an_attempt_whose_worker_no_longer_can(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        for _ in range(2):
            self.die_over(bench, uploaded.task_id)

        first, second = bench.read(lambda work: work.processing_log.of_task(uploaded.task_id))
        assert (first.attempt, first.outcome, second.attempt) == (1, "lost", 2)
        assert first.error is not None and first.error.startswith("worker-lost: ")
        assert first.started_at == bench.task(uploaded.task_id).started_at
        assert second.started_at == first.ended_at

    def test_a_task_that_takes_three_workers_is_set_aside(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        for _ in range(2):
            self.die_over(bench, uploaded.task_id)
        bench.take_outbox()

        self.die_over(bench, uploaded.task_id)

        task = bench.task(uploaded.task_id)
        assert task.failure is not None and task.failure.code is FailureCode.POISONED
        assert (task.status, task.deaths, task.attempts) == (TaskStatus.FAILED, 3, 3)
        assert bench.take_outbox() == [("TaskFailed", task.id)]
        assert bench.process_task()(task.id) is ProcessOutcome.SKIPPED

    def test_tries_that_ended_by_themselves_are_no_deaths(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        bench.editor.meanwhile = raising(EditorUnavailable("no renderer"))
        for _ in range(4):
            bench.process_task()(uploaded.task_id)

        self.die_over(bench, uploaded.task_id)

        assert bench.task(uploaded.task_id).status is TaskStatus.QUEUED

    def test_what_is_still_held_is_left_alone(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        bench.write(lambda work: work.tasks.claim(uploaded.task_id, MINUTE))

        assert bench.return_expired_tasks() == 0

        assert bench.task(uploaded.task_id).status is TaskStatus.IN_PROGRESS


class TestViewTask:
    def test_its_owner_sees_every_attempt_and_every_delivery(self, bench: Workbench) -> None:
        actor = bench.an_actor()
        task = bench.a_completed_task(actor)
        bench.announce_outcome(task.id)

        view = ViewTask(bench.database)(ViewTaskRequest(actor, task.id))

        assert view.task == task
        assert [entry.outcome for entry in view.log] == ["completed"]
        assert [delivery.address for delivery in view.deliveries] == [bench.mail.sent[0][0]]

    def test_anothers_task_looks_like_none(self, bench: Workbench) -> None:
        task = bench.a_completed_task()
        view_task = ViewTask(bench.database)

        refusals = []
        for task_id in (task.id, uuid4()):
            with pytest.raises(NotFound) as refused:
                view_task(ViewTaskRequest(bench.an_actor(), task_id))
            refusals.append(refused.value.detail)

        assert refusals[0] == refusals[1]
