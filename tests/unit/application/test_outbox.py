"""The way of a message to the broker, and what makes up for a broker that forgot."""

import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from adapters.system.failpoints import ArmedFailpoints
from application.idempotency import IdempotencyKey
from application.outbox.forget_replies import ForgetReplies
from application.outbox.relay_outbox import RelayOutbox
from application.ports.message_publisher import BrokerUnavailable, Message, MessagePublisher
from domain.notifications.delivery import Delivery
from tests.builders import a_delivery
from tests.unit.application.workbench import AT_ONCE, MINUTE, Workbench

FORK = multiprocessing.get_context("fork")


def relay(bench: Workbench, **overrides: Any) -> RelayOutbox:
    return RelayOutbox(
        **{
            "database": bench.database,
            "publisher": bench.publisher,
            "failpoints": bench.failpoints,
        }
        | overrides
    )


def messages_in(bench: Workbench, count: int) -> list[Message]:
    messages = [Message("TaskQueued", uuid4(), f"request-{number}") for number in range(count)]
    for message in messages:
        bench.write(lambda work: work.outbox.add(message))
    return messages


class TestRelayOutbox:
    def test_carries_every_message_once_in_order(self, bench: Workbench) -> None:
        messages = messages_in(bench, 5)
        carry = relay(bench, batch=2)

        assert [carry() for _ in range(4)] == [2, 2, 1, 0]

        assert bench.publisher.published == messages
        assert bench.outbox_count() == 0

    def test_leaves_what_is_not_due(self, bench: Workbench) -> None:
        late = Message("TaskQueued", uuid4(), "a-request")
        bench.write(lambda work: work.outbox.add(late, delay=MINUTE))

        assert relay(bench)() == 0

        assert bench.publisher.published == []
        assert bench.outbox_count() == 1

    def test_what_the_broker_did_not_confirm_is_due_again_after_the_pause(
        self, bench: Workbench
    ) -> None:
        messages = messages_in(bench, 2)
        carry = relay(bench, pause=timedelta(seconds=0.1))
        bench.publisher.trouble = BrokerUnavailable("nobody there")

        with pytest.raises(BrokerUnavailable):
            carry()
        assert carry() == 0
        bench.publisher.trouble = None
        time.sleep(0.12)

        assert carry() == 2
        assert bench.publisher.published == messages

    def test_a_message_that_no_queue_takes_is_kept_and_holds_up_nobody(
        self, bench: Workbench
    ) -> None:
        before = messages_in(bench, 2)
        bench.write(lambda work: work.outbox.add(Message("Unheard", uuid4(), "a-request")))
        after = messages_in(bench, 2)
        bench.publisher.unheard = {"Unheard"}
        carry = relay(bench, refusal_pause=timedelta(seconds=0.1))

        assert carry() == 5
        assert carry() == 0
        assert bench.publisher.published == before + after
        assert bench.outbox_count() == 1
        bench.publisher.unheard.clear()
        time.sleep(0.12)

        assert carry() == 1
        assert bench.outbox_count() == 0

    def test_a_crash_before_forgetting_publishes_again(self, bench: Workbench) -> None:
        messages = messages_in(bench, 3)
        source, sink = os.pipe()

        class Pipe(MessagePublisher):
            """A broker that outlives the relay."""

            def publish(self, messages: Sequence[Message]) -> Sequence[int]:
                os.write(sink, b"".join(message.subject_id.bytes for message in messages))
                return []

        doomed = FORK.Process(
            target=relay(
                bench,
                publisher=Pipe(),
                failpoints=ArmedFailpoints("relay.after_publish"),
                lease=timedelta(seconds=0.1),
            )
        )
        doomed.start()
        doomed.join(10)
        os.close(sink)
        published_by_the_dead = os.read(source, 1000)
        os.close(source)
        time.sleep(0.12)

        assert doomed.exitcode == -signal.SIGKILL
        assert published_by_the_dead == b"".join(one.subject_id.bytes for one in messages)
        assert relay(bench)() == 3
        assert bench.publisher.published == messages
        assert bench.outbox_count() == 0

    def test_a_slow_broker_delays_no_writer(self, bench: Workbench) -> None:
        messages_in(bench, 1)

        class SlowBroker(MessagePublisher):
            """Lets something be written while it is spoken to."""

            def publish(self, messages: Sequence[Message]) -> Sequence[int]:
                messages_in(bench, 1)
                return []

        assert relay(bench, publisher=SlowBroker())() == 1
        assert bench.outbox_count() == 1


class TestSweep:
    def a_due_delivery(self, bench: Workbench) -> Delivery:
        task = bench.a_completed_task()
        bench.announce_outcome(task.id)
        delivery = a_delivery(task, address="late@example.com")
        bench.write(lambda work: work.deliveries.add_new([delivery]))
        bench.take_outbox()
        return delivery

    def test_rings_again_for_a_task_that_the_broker_forgot(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())
        bench.take_outbox()
        time.sleep(0.002)

        assert bench.sweep(patience=MINUTE)() == 0
        assert bench.sweep(patience=AT_ONCE)() == 1
        # While that ring waits to be carried, another would only be in its way.
        assert bench.sweep(patience=AT_ONCE)() == 0

        assert bench.take_outbox() == [("TaskQueued", uploaded.task_id)]

    def test_tells_again_of_an_end_that_nobody_announced(self, bench: Workbench) -> None:
        task = bench.a_completed_task()
        bench.take_outbox()
        time.sleep(0.002)

        assert bench.sweep(patience=MINUTE)() == 0
        assert bench.sweep(patience=AT_ONCE)() == 1
        assert bench.take_outbox() == [("TaskCompleted", task.id)]
        bench.announce_outcome(task.id)
        time.sleep(0.002)

        assert bench.sweep(patience=AT_ONCE)() == 0

    def test_rings_once_for_a_delivery_that_is_due(self, bench: Workbench) -> None:
        delivery = self.a_due_delivery(bench)

        assert [bench.sweep()() for _ in range(2)] == [1, 0]

        assert bench.take_outbox() == [("DeliveryDue", delivery.id)]

    def test_rings_again_for_a_delivery_whose_ring_was_lost(self, bench: Workbench) -> None:
        self.a_due_delivery(bench)

        rung = [bench.sweep(delivery_lease=timedelta(seconds=0.1))()]
        time.sleep(0.12)
        rung.append(bench.sweep()())

        assert rung == [1, 1]

    def test_rings_for_no_more_than_a_batch_at_once(self, bench: Workbench) -> None:
        for _ in range(3):
            bench.upload(bench.an_actor())
        bench.take_outbox()
        time.sleep(0.002)

        assert [bench.sweep(patience=AT_ONCE, batch=2)() for _ in range(2)] == [2, 1]

    def test_counts_what_waits(self, bench: Workbench) -> None:
        for _ in range(2):
            bench.upload(bench.an_actor())
        claimed = bench.upload(bench.an_actor())
        bench.write(lambda work: work.tasks.claim(claimed.task_id, MINUTE))

        bench.measure_queues()

        assert bench.telemetry.depths == {
            ("tasks", "queued"): 2,
            ("tasks", "in progress"): 1,
            ("outbox", "waiting"): 3,
        }


class TestForgetReplies:
    def test_forgets_what_is_too_old_a_batch_at_a_time(self, bench: Workbench) -> None:
        def remember(key: str) -> None:
            with bench.database.writing() as work:
                IdempotencyKey("ada", key, "f").remember(work, id=key)
                work.commit()

        for number in range(3):
            remember(f"old-{number}")
        with bench.database.connection().transaction("BEGIN IMMEDIATE"):
            bench.database.connection().change(
                "UPDATE idempotency_keys SET created_at = clock_after(:age)", age=-86_500.0
            )
            bench.database.connection().commit()
        remember("new")
        forget = ForgetReplies(bench.database, batch=2)

        assert [forget(), forget(), forget()] == [2, 1, 0]
        with bench.database.reading() as work:
            assert IdempotencyKey("ada", "new", "f").reply(work) == {"id": "new"}
            assert IdempotencyKey("ada", "old-0", "f").reply(work) is None
