"""What every `MessagePublisher` promises."""

import socket
import sqlite3
import threading
import time

import pytest

from adapters.messaging import topology
from adapters.messaging.kombu_inbox import KombuInbox
from adapters.messaging.kombu_publisher import KombuPublisher
from adapters.messaging.sqlite_transport import url_of
from application.ports.message_publisher import BrokerUnavailable
from domain.tasks.priority import Priority
from tests.contracts.brokers import a_message
from tests.contracts.brokers import broker as broker


class TestMessagePublisher:
    def test_what_is_published_is_received_whole(self, broker):
        messages = [a_message() for _ in range(20)]

        assert list(broker.publisher().publish(messages)) == []

        received = broker.everything_from(broker.inbox())
        assert {each.message for each in received} == set(messages)
        assert len(received) == len(messages)
        assert not any(each.redelivered for each in received)

    def test_every_kind_finds_its_own_queue_in_both_lanes(self, broker):
        messages = [
            a_message(kind, priority)
            for kinds in topology.KINDS.values()
            for kind in kinds
            for priority in Priority
        ]

        broker.publisher().publish(messages)

        for queue, kinds in topology.KINDS.items():
            received = broker.everything_from(broker.inbox(queue))
            assert {each.message for each in received} == {
                each for each in messages if each.kind in kinds
            }

    def test_threads_may_share_a_publisher(self, broker):
        messages = [a_message() for _ in range(40)]
        publisher = broker.publisher()
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

        received = broker.everything_from(broker.inbox())
        assert {each.message for each in received} == set(messages)

    def test_what_no_queue_takes_is_told_and_the_rest_arrives(self, broker):
        before, unheard, after = a_message(), a_message("Unheard"), a_message()

        assert list(broker.publisher().publish([before, unheard, after, unheard])) == [1, 3]

        received = broker.everything_from(broker.inbox())
        assert {each.message for each in received} == {before, after}

    def test_an_empty_batch_is_published_at_once(self, broker):
        assert list(broker.publisher().publish([])) == []

    def test_a_publisher_that_was_closed_connects_again(self, broker):
        publisher = broker.publisher()
        publisher.publish([a_message()])
        publisher.close()

        publisher.publish([a_message()])

        assert len(broker.everything_from(broker.inbox())) == 2


class TestKombuPublisherOverTheEmbeddedQueue:
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
