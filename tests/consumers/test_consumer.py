"""The loop of every consumer, over the embedded queue."""

import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum

import attrs
import pytest
import structlog
from structlog.testing import capture_logs

from application.back_off import BackOff
from application.errors import NotFound
from application.ports.message_publisher import BrokerUnavailable
from application.ports.object_store import ObjectMissing
from application.ports.unit_of_work import DatabaseUnavailable
from entrypoints.consumers.consumer import Consumer, Handler, Patience, Verdict, verdict_on
from entrypoints.consumers.send_notifications import notifier
from tests.consumers.inboxes import AQueue, wait_until

HASTE = Patience(
    drain_seconds=5,
    back_off=BackOff(timedelta(seconds=0.02), timedelta(seconds=0.05), draw=lambda: 1.0),
)


@pytest.fixture
def a_queue(tmp_path):
    return AQueue(tmp_path)


@contextmanager
def running(consumer):
    thread = threading.Thread(target=consumer.run)
    thread.start()
    try:
        yield consumer
    finally:
        consumer.stop()
        thread.join(10)
        assert not thread.is_alive()


def a_consumer(inbox, call, *, concurrency=2, patience=HASTE, **options):
    handlers = {"TaskQueued": Handler("task_id", call)}
    return Consumer(inbox, handlers, concurrency=concurrency, patience=patience, **options)


class TestAcknowledging:
    def test_a_message_is_gone_only_after_its_handler_has_returned(self, a_queue):
        (id,) = a_queue.publish()
        begun, may_end = threading.Event(), threading.Event()

        def work(task_id):
            assert task_id == id
            begun.set()
            may_end.wait(5)

        with running(a_consumer(a_queue.inbox(), work)):
            assert begun.wait(5)
            assert a_queue.in_hand() == 1
            may_end.set()
            wait_until(a_queue.is_empty)

    def test_as_many_as_agreed_are_worked_on_at_a_time(self, a_queue):
        a_queue.publish(9)
        together = threading.Barrier(3, timeout=5)

        def work(_):
            together.wait()

        with running(a_consumer(a_queue.inbox(4), work, concurrency=3)):
            wait_until(a_queue.is_empty)

    def test_the_next_message_does_not_wait_for_a_clock(self, a_queue):
        a_queue.publish(200)
        started = time.monotonic()

        with running(a_consumer(a_queue.inbox(), lambda _: None)):
            wait_until(a_queue.is_empty)

        assert time.monotonic() - started < 2

    def test_one_line_tells_what_became_of_a_message(self, a_queue):
        class Outcome(Enum):
            COMPLETED = "completed"

        seen = {}

        def work(task_id):
            seen.update(structlog.contextvars.get_contextvars())
            return Outcome.COMPLETED

        with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
            with running(a_consumer(a_queue.inbox(), work)):
                (id,) = a_queue.publish()
                wait_until(a_queue.is_empty)

        (line,) = [line for line in lines if line["event"] == "message handled"]
        assert line.pop("ms") >= 0
        bound = {"kind": "TaskQueued", "task_id": str(id), "correlation_id": f"request-{id}"}
        assert seen == bound
        assert line == {
            "event": "message handled", "log_level": "info", "outcome": "completed", **bound,
        }  # fmt: skip


class TestFailing:
    @pytest.mark.parametrize(
        ("error", "verdict"),
        [
            (None, Verdict.ACKNOWLEDGE),
            (DatabaseUnavailable("busy"), Verdict.RETRY),
            (BrokerUnavailable("gone"), Verdict.RETRY),
            (ObjectMissing("key"), Verdict.BURY),
            (NotFound(), Verdict.BURY),
            (ZeroDivisionError(), Verdict.RETRY_FEW_TIMES),
        ],
    )
    def test_the_kind_of_failure_decides_what_becomes_of_the_message(self, error, verdict):
        assert verdict_on(error) is verdict

    def test_what_can_heal_is_tried_until_it_has(self, a_queue):
        a_queue.publish()
        tries = []

        def work(_):
            tries.append(time.monotonic())
            if len(tries) < 6:
                raise DatabaseUnavailable("busy")

        with running(a_consumer(a_queue.inbox(), work)):
            wait_until(a_queue.is_empty)

        assert len(tries) == 6
        assert tries[-1] - tries[0] > 0.02 + 3 * 0.04
        assert a_queue.dead() == 0

    def test_what_was_foreseen_is_one_line_with_its_cause(self, a_queue):
        a_queue.publish()
        tries = []

        def work(_):
            tries.append(None)
            if len(tries) == 1:
                raise DatabaseUnavailable("it went") from OSError("no route")

        with capture_logs() as lines, running(a_consumer(a_queue.inbox(), work)):
            wait_until(a_queue.is_empty)

        [told] = [line for line in lines if "error" in line]
        assert told["error"] == "database-unavailable: it went (OSError: no route)"
        assert told["log_level"] == "warning" and "exc_info" not in told

    def test_the_unforeseen_is_buried_after_a_few_tries_and_the_consumer_lives(self, a_queue):
        (poison,) = a_queue.publish()
        tries = []

        def work(task_id):
            if task_id == poison:
                tries.append(task_id)
                raise ZeroDivisionError("nobody thought of this")

        with capture_logs() as lines, running(a_consumer(a_queue.inbox(), work)):
            wait_until(lambda: a_queue.dead() == 1)
            a_queue.publish(3)
            wait_until(a_queue.is_empty)

        assert len(tries) == 3
        unexpected = [line for line in lines if line["event"] == "handler failed unexpectedly"]
        assert len(unexpected) == 3 and all(line["exc_info"] for line in unexpected)

    def test_a_kind_that_nobody_handles_is_buried(self, a_queue):
        a_queue.publish()
        consumer = Consumer(a_queue.inbox(), {}, concurrency=1, patience=HASTE)

        with running(consumer):
            wait_until(lambda: a_queue.dead() == 1)


class TestStopping:
    def test_work_that_has_not_begun_is_told_before_it_is_waited_for(self, a_queue):
        """As of tasks that wait for memory: they end at once, long before the drain does."""
        a_queue.publish()
        told, busy = threading.Event(), threading.Event()

        def work(_):
            busy.set()
            assert told.wait(10)

        with running(a_consumer(a_queue.inbox(), work, on_stop=told.set)):
            assert busy.wait(5)
            assert not told.is_set()

        assert a_queue.is_empty()

    def test_a_release_that_lacks_the_database_is_one_line(self, a_queue):
        a_queue.publish()
        busy, end = threading.Event(), threading.Event()

        def work(_):
            busy.set()
            end.wait(10)

        def release():
            raise DatabaseUnavailable("it went")

        consumer = a_consumer(
            a_queue.inbox(), work, release=release, patience=attrs.evolve(HASTE, drain_seconds=0.1)
        )
        with capture_logs() as lines, running(consumer):
            assert busy.wait(5)
            consumer.stop()
            wait_until(lambda: any(line["event"] == "release failed" for line in lines))
        end.set()

        [told] = [line for line in lines if line["event"] == "release failed"]
        assert (told["error"], "exc_info" in told) == ("database-unavailable: it went", False)


class TestBeating:
    def test_the_beat_goes_on_during_long_work_and_after_it_failed(self, a_queue):
        a_queue.publish()
        beats, busy = [], threading.Event()

        def beat():
            beats.append(time.monotonic())
            if len(beats) == 2:
                raise DatabaseUnavailable("busy")

        def work(_):
            busy.set()
            time.sleep(0.4)

        with running(a_consumer(a_queue.inbox(), work, beat=beat, beat_seconds=0.05)) as consumer:
            assert busy.wait(5)
            before = len(beats)
            time.sleep(0.35)
            assert a_queue.in_hand() == 1
            assert len(beats) - before >= 4
            assert time.monotonic() - consumer.last_tick < 0.3


class TestLosingTheBroker:
    def test_messages_come_back_and_the_consumer_with_them(self, a_queue):
        a_queue.publish(5)
        inbox, handled = a_queue.inbox(), []

        def work(task_id):
            handled.append(task_id)
            if len(handled) == 2:
                lost.set()
                time.sleep(0.1)

        lost = threading.Event()

        class Flaky:
            """The real inbox, whose connection breaks once."""

            def __getattr__(self, name):
                return getattr(inbox, name)

            def acknowledge(self, received):
                if lost.is_set():
                    lost.clear()
                    raise BrokerUnavailable("connection reset")
                inbox.acknowledge(received)

        with running(a_consumer(Flaky(), work)):
            wait_until(a_queue.is_empty)

        assert len(set(handled)) == 5
        assert len(handled) > 5, "what was in hand came twice"

    def test_a_broker_that_is_away_at_first_is_waited_for(self, a_queue):
        inbox, refusals = a_queue.inbox(), iter([True, True])
        a_queue.publish()

        class Late:
            def __getattr__(self, name):
                return getattr(inbox, name)

            def open(self):
                if next(refusals, False):
                    raise BrokerUnavailable("connection refused")
                inbox.open()

        with running(a_consumer(Late(), lambda _: None)):
            wait_until(a_queue.is_empty)


class TestEnding:
    def start(self, tmp_path, work_seconds, drain_seconds=20.0):
        return subprocess.Popen(
            [sys.executable, "-m", "tests.consumers.a_worker", str(tmp_path)]
            + [str(work_seconds), str(drain_seconds)],
            stdout=subprocess.PIPE,
            text=True,
        )

    def read_until_started(self, worker, count=1):
        while count:
            count -= worker.stdout.readline().startswith("started")

    def test_sigterm_finishes_what_runs_and_gives_back_the_rest(self, a_queue, tmp_path):
        a_queue.publish(6)
        worker = self.start(tmp_path, 0.8)
        self.read_until_started(worker, 2)
        signalled = time.monotonic()

        worker.send_signal(signal.SIGTERM)

        output, _ = worker.communicate(timeout=10)
        assert time.monotonic() - signalled < 2
        assert worker.returncode == 0
        assert output.count("finished") == 2 and output.count("started") == 0
        assert output.count("beat") >= 3 and output.endswith("left\n")
        assert (a_queue.waiting(), a_queue.in_hand()) == (4, 0)

    def test_work_that_outlasts_the_drain_is_left_and_comes_back(self, a_queue, tmp_path):
        a_queue.publish(1)
        worker = self.start(tmp_path, 60, 0.2)
        self.read_until_started(worker)

        worker.send_signal(signal.SIGTERM)

        output, _ = worker.communicate(timeout=10)
        assert worker.returncode == 0 and "\nfinished" not in output
        assert (a_queue.waiting(), a_queue.in_hand()) == (1, 0)

    def test_a_second_signal_ends_it_at_once(self, a_queue, tmp_path):
        a_queue.publish(1)
        worker = self.start(tmp_path, 60)
        self.read_until_started(worker)

        worker.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        assert worker.poll() is None
        worker.send_signal(signal.SIGTERM)

        worker.communicate(timeout=2)
        assert worker.returncode == 128 + signal.SIGTERM
        assert a_queue.in_hand() == 1

    def test_an_idle_worker_ends_at_once(self, a_queue, tmp_path):
        worker = self.start(tmp_path, 0)
        worker.stdout.readline()
        signalled = time.monotonic()

        worker.send_signal(signal.SIGINT)

        worker.communicate(timeout=5)
        assert worker.returncode == 0
        assert time.monotonic() - signalled < 0.8


def test_the_notifier_announces_ended_tasks_and_sends_what_is_due(a_queue):
    announced, sent, posted, destroyed = [], [], [], []
    ended = a_queue.publish(1, "TaskCompleted") + a_queue.publish(1, "TaskFailed")
    due = a_queue.publish(1, "DeliveryDue")
    letters = a_queue.publish(1, "LetterDue")
    erasures = a_queue.publish(1, "ErasureDue")
    inbox = a_queue.inbox(queue="notifications")

    consumer = notifier(
        inbox,
        announced.append,
        sent.append,
        posted.append,
        destroyed.append,
        concurrency=2,
        patience=HASTE,
    )
    with running(consumer):
        wait_until(a_queue.is_empty)

    assert (sorted(announced), sent, posted) == (sorted(ended), due, letters)
    assert destroyed == erasures
