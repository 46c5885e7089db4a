"""What every `MessagePublisher` and the `MessageInbox` at its other end promise."""

import socket
import sqlite3
import threading
import time
from uuid import uuid4

import pytest
from kombu import Connection, Producer

from adapters.messaging import topology
from adapters.messaging.kombu_inbox import KombuInbox
from adapters.messaging.kombu_publisher import KombuPublisher
from adapters.messaging.sqlite_transport import url_of
from application.ports.message_publisher import BrokerUnavailable, Message


def a_message(kind="TaskQueued"):
    return Message(kind, uuid4(), f"request-{uuid4()}")


def everything_from(inbox):
    received = []
    while (each := inbox.receive(0)) is not None:
        received.append(each)
    return received


@pytest.fixture(params=["embedded", "memory"])
def url(request, tmp_path):
    if request.param == "embedded":
        yield url_of(tmp_path / "queue.db")
        return
    yield "memory://"
    # Kombu's memory is the whole process's, so the next test would find what this one left.
    with Connection("memory://") as connection:
        for queue in topology.KINDS:
            connection.channel().queue_purge(topology.queue_name(queue))


@pytest.fixture
def publisher(url):
    publisher = KombuPublisher(url)
    yield publisher
    publisher.close()


@pytest.fixture
def inbox_of(url):
    inboxes = []

    def open_inbox(queue, prefetch=100):
        inbox = KombuInbox(url, queue, prefetch=prefetch)
        inbox.open()
        inboxes.append(inbox)
        return inbox

    yield open_inbox
    for inbox in inboxes:
        inbox.close()


class TestMessagePublisher:
    def test_what_is_published_is_received_whole_and_in_order(self, publisher, inbox_of):
        messages = [a_message() for _ in range(20)]

        publisher.publish(messages)

        inbox = inbox_of(topology.IMAGE_PROCESSING)
        received = everything_from(inbox)
        assert [each.message for each in received] == messages
        assert not any(each.redelivered for each in received)

    def test_every_kind_finds_its_own_queue(self, publisher, inbox_of):
        publisher.publish([a_message(kind) for kinds in topology.KINDS.values() for kind in kinds])

        for queue, kinds in topology.KINDS.items():
            inbox = inbox_of(queue)
            received = everything_from(inbox)
            for each in received:
                inbox.acknowledge(each)
            assert [each.message.kind for each in received] == list(kinds)

    def test_threads_may_share_a_publisher(self, publisher, inbox_of):
        messages = [a_message() for _ in range(80)]
        threads = [
            threading.Thread(
                target=lambda part: [publisher.publish([m]) for m in part], args=(part,)
            )
            for part in (messages[start::8] for start in range(8))
        ]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        inbox = inbox_of(topology.IMAGE_PROCESSING)
        received = everything_from(inbox)
        assert {each.message for each in received} == set(messages)

    def test_what_is_given_back_comes_again_and_what_is_acknowledged_does_not(
        self, publisher, inbox_of
    ):
        publisher.publish([a_message(), a_message()])
        inbox = inbox_of(topology.IMAGE_PROCESSING, prefetch=2)
        first, second = everything_from(inbox)

        inbox.acknowledge(first)
        inbox.give_back(second)

        (again,) = everything_from(inbox)
        inbox.acknowledge(again)
        assert again.message == second.message

    def test_no_more_is_handed_out_than_was_asked_for(self, publisher, inbox_of):
        publisher.publish([a_message() for _ in range(5)])
        inbox = inbox_of(topology.IMAGE_PROCESSING, prefetch=2)

        in_hand = everything_from(inbox)
        inbox.acknowledge(in_hand[0])

        assert len(in_hand) == 2
        assert len(everything_from(inbox)) == 1

    def test_what_is_not_a_message_is_buried_and_the_next_one_comes(self, url, publisher, inbox_of):
        publisher.publish([])
        inbox = inbox_of(topology.IMAGE_PROCESSING)
        with Connection(url) as connection:
            channel = connection.channel()
            topology.queue_of(topology.IMAGE_PROCESSING)(channel).declare()
            producer = Producer(channel, exchange=topology.exchange())
            for body in (
                [],
                {"version": 1, "kind": "TaskQueued", "subjectId": "no id", "correlationId": ""},
                {
                    "version": 0,
                    "kind": "TaskQueued",
                    "subjectId": str(uuid4()),
                    "correlationId": "",
                },
                {"kind": "TaskQueued"},
            ):
                producer.publish(body, routing_key="TaskQueued")
            producer.publish({"a": 1}, routing_key="TaskQueued", serializer="yaml")
            producer.publish("{", routing_key="TaskQueued", content_type="application/json")
            newer = {"version": 2, "kind": "TaskQueued", "subjectId": str(uuid4())}
            newer |= {"correlationId": "r", "priority": {"new": "member"}}
            producer.publish(newer, routing_key="TaskQueued")

        received = everything_from(inbox)

        assert [str(each.message.subject_id) for each in received] == [newer["subjectId"]]

    def test_a_receive_ends_at_once_when_it_is_woken(self, inbox_of):
        inbox = inbox_of(topology.IMAGE_PROCESSING)
        threading.Timer(0.1, inbox.wake).start()
        started = time.monotonic()

        assert inbox.receive(5) is None
        assert time.monotonic() - started < 1


class TestKombuPublisherOverTheEmbeddedQueue:
    def test_a_message_that_no_queue_wants_is_a_failure(self, tmp_path):
        publisher = KombuPublisher(url_of(tmp_path / "queue.db"))

        with pytest.raises(BrokerUnavailable, match="No queue is bound for Unheard"):
            publisher.publish([a_message("Unheard")])
        publisher.publish([a_message()])

    def test_a_queue_that_cannot_be_opened_is_a_failure_until_it_can(self, tmp_path):
        (tmp_path / "queue.db").mkdir()
        publisher = KombuPublisher(url_of(tmp_path / "queue.db"))

        with pytest.raises(BrokerUnavailable):
            publisher.publish([a_message()])

        (tmp_path / "queue.db").rmdir()
        publisher.publish([a_message()])

    def test_a_file_that_is_no_queue_is_a_failure(self, tmp_path):
        (tmp_path / "queue.db").write_bytes(b"not a database at all" * 500)

        with pytest.raises(BrokerUnavailable, match="not a database"):
            KombuPublisher(url_of(tmp_path / "queue.db")).publish([a_message()])

    def test_a_batch_is_published_whole_or_not_at_all(self, tmp_path):
        publisher = KombuPublisher(url_of(tmp_path / "queue.db"))
        publisher.publish([a_message()])
        outsider = sqlite3.connect(tmp_path / "queue.db", isolation_level=None)
        outsider.execute(
            "CREATE TRIGGER full AFTER INSERT ON message WHEN (SELECT count(*) FROM message) > 3"
            " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )

        with pytest.raises(BrokerUnavailable, match="disk full"):
            publisher.publish([a_message() for _ in range(5)])

        assert outsider.execute("SELECT count(*) FROM message").fetchone() == (1,)
        outsider.close()

    def test_a_consumer_in_another_connection_hears_within_a_few_milliseconds(self, tmp_path):
        publisher = KombuPublisher(url_of(tmp_path / "queue.db"))
        publisher.publish([])
        inbox = KombuInbox(url_of(tmp_path / "queue.db"), topology.IMAGE_PROCESSING, prefetch=1)
        inbox.open()
        published_at = []

        def publish():
            published_at.append(time.monotonic())
            publisher.publish([a_message()])

        threading.Timer(0.1, publish).start()
        received = inbox.receive(5)

        assert received is not None
        assert time.monotonic() - published_at[0] < 0.1
        inbox.close()


def test_a_broker_that_is_not_there_is_a_failure_within_seconds():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        publisher = KombuPublisher(f"amqp://guest:guest@127.0.0.1:{taken.getsockname()[1]}//")
        started = time.monotonic()

        with pytest.raises(BrokerUnavailable):
            publisher.publish([a_message()])

    assert time.monotonic() - started < 3
