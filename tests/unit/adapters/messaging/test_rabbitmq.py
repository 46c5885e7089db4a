"""What only a broker does: it dies, it runs short of disk, it refuses, it falls silent."""

import threading
import time

import pytest
from kombu import Connection, Queue

from adapters.messaging import topology
from adapters.messaging.kombu_inbox import KombuInbox
from adapters.messaging.kombu_publisher import KombuPublisher
from adapters.messaging.rabbitmq_dead_letters import RabbitMQDeadLetters
from application.ports.dead_letters import DeathReason
from application.ports.message_publisher import BrokerRefused, BrokerUnavailable
from domain.tasks.priority import Priority
from tests.contracts.brokers import QUEUE, a_message, wait_until
from tests.services.faulty_proxy import FaultyProxy


@pytest.fixture
def host(mortal_rabbitmq):
    url = mortal_rabbitmq.create_host()
    yield url
    mortal_rabbitmq.drop_host(url)


@pytest.fixture
def publisher(host):
    publisher = KombuPublisher(host, confirm_seconds=3)
    yield publisher
    publisher.close()


def everything_at(url):
    inbox = KombuInbox(url, QUEUE, prefetch=500)
    inbox.open()
    received = []
    while (each := inbox.receive(1)) is not None:
        received.append(each)
        inbox.acknowledge(each)
    inbox.close()
    return received


class TestABrokerThatDies:
    @pytest.mark.slow
    def test_what_was_confirmed_is_there_when_it_is_back(self, mortal_rabbitmq, host, publisher):
        confirmed, ended = [], threading.Event()

        def publish():
            while not ended.is_set():
                batch = [a_message() for _ in range(10)]
                try:
                    publisher.publish(batch)
                except BrokerUnavailable:
                    time.sleep(0.1)
                else:
                    confirmed.extend(batch)

        thread = threading.Thread(target=publish)
        thread.start()
        try:
            wait_until(lambda: len(confirmed) >= 200)
            mortal_rabbitmq.halt()
            before = len(confirmed)
            mortal_rabbitmq.start()
            wait_until(lambda: len(confirmed) >= before + 100, 60)
        finally:
            ended.set()
            thread.join()

        received = {each.message for each in everything_at(host)}
        assert received >= set(confirmed)

    @pytest.mark.slow
    def test_an_inbox_says_so_and_gets_its_message_again(self, mortal_rabbitmq, host, publisher):
        message = a_message(priority=Priority.BATCH)
        publisher.publish([message])
        inbox = KombuInbox(host, QUEUE, prefetch=2)
        inbox.open()
        in_hand = inbox.receive(5)

        mortal_rabbitmq.halt()
        with pytest.raises(BrokerUnavailable):
            inbox.receive(2)
        inbox.close()
        with pytest.raises(BrokerUnavailable, match="refused"):
            inbox.open()
        mortal_rabbitmq.start()
        inbox.open()
        inbox.acknowledge(in_hand)  # a receipt from before is worth nothing

        again = inbox.receive(10)
        assert again is not None
        assert again.message == message
        inbox.acknowledge(again)
        inbox.close()

    def test_a_publisher_that_was_idle_meanwhile_notices_before_it_publishes(
        self, mortal_rabbitmq, host, publisher
    ):
        publisher.publish([a_message()])
        mortal_rabbitmq.control("close_all_connections", "-p", host.rpartition("/")[2], "tests")
        time.sleep(0.5)

        assert publisher.publish([a_message()]) == []


class TestABrokerThatIsShortOfDisk:
    def test_confirms_nothing_and_that_is_a_failure(self, mortal_rabbitmq, publisher):
        publisher.publish([])
        mortal_rabbitmq.control("set_disk_free_limit", "mem_relative", "900.0")
        try:
            started = time.monotonic()
            with pytest.raises(BrokerUnavailable, match="not confirmed in time"):
                publisher.publish([a_message() for _ in range(100)])
            assert time.monotonic() - started < 10
        finally:
            mortal_rabbitmq.control("set_disk_free_limit", "50MB")

        assert publisher.publish([a_message()]) == []

    def test_a_full_queue_is_a_failure(self, mortal_rabbitmq, host, publisher):
        publisher.publish([])
        name = host.rpartition("/")[2]
        mortal_rabbitmq.control("set_policy", "-p", name, "few", ".*", '{"max-length": 5}')
        time.sleep(0.5)

        with pytest.raises(BrokerUnavailable, match="refused"):
            for _ in range(10):
                publisher.publish([a_message() for _ in range(10)])
        mortal_rabbitmq.control("clear_policy", "-p", name, "few")


class TestABrokerThatRefuses:
    def test_a_wrong_password_is_named_and_not_shown(self, mortal_rabbitmq):
        with pytest.raises(BrokerRefused, match="the password in the broker's address") as refusal:
            KombuPublisher(mortal_rabbitmq.url_of("/", password="wrong-horse")).publish([])

        assert "wrong-horse" not in str(refusal.value)

    def test_a_missing_virtual_host_is_named(self, mortal_rabbitmq):
        with pytest.raises(BrokerRefused, match="nowhere.*Create the virtual host"):
            KombuPublisher(mortal_rabbitmq.url_of("nowhere")).publish([])

    def test_a_queue_of_another_making_is_named(self, host):
        with Connection(host) as connection:
            Queue(topology.queue_name(QUEUE), durable=True)(connection.channel()).declare()

        with pytest.raises(BrokerRefused, match="other arguments"):
            KombuInbox(host, QUEUE, prefetch=1).open()


class TestABrokerThatFallsSilent:
    @pytest.mark.slow
    def test_an_inbox_notices_within_thirty_seconds(self, mortal_rabbitmq, host):
        with FaultyProxy(f"127.0.0.1:{mortal_rabbitmq.port}") as proxy:
            inbox = KombuInbox(_through(proxy, mortal_rabbitmq, host), QUEUE, prefetch=1)
            inbox.open()
            assert inbox.receive(1) is None
            proxy.swallow()
            started = time.monotonic()

            with pytest.raises(BrokerUnavailable):
                while time.monotonic() - started < 60:
                    inbox.receive(1)
            noticed = time.monotonic() - started
            inbox.close()

            assert noticed < 30
            assert time.monotonic() - started < 35

    def test_opening_and_publishing_do_not_wait_for_ever(self, mortal_rabbitmq, host):
        with FaultyProxy(f"127.0.0.1:{mortal_rabbitmq.port}") as proxy:
            url = _through(proxy, mortal_rabbitmq, host)
            publisher = KombuPublisher(url, confirm_seconds=1)
            publisher.publish([])
            proxy.swallow()
            started = time.monotonic()

            with pytest.raises(BrokerUnavailable):
                publisher.publish([a_message()])
            with pytest.raises(BrokerUnavailable):
                KombuInbox(url, QUEUE, prefetch=1).open()

            assert time.monotonic() - started < 15


def test_a_message_that_keeps_killing_is_a_dead_letter_in_the_end(host, publisher):
    message = a_message()
    publisher.publish([message])

    for _ in range(topology.DELIVERY_LIMIT + 1):
        inbox = KombuInbox(host, QUEUE, prefetch=1)
        inbox.open()
        assert inbox.receive(5) is not None
        inbox.close()

    dead = RabbitMQDeadLetters(host)
    wait_until(lambda: dead.count(QUEUE) == 1)
    (letter,) = dead.peek(QUEUE)
    assert letter.message == message
    assert letter.reason is DeathReason.DELIVERY_LIMIT
    dead.close()


def _through(proxy, server, url):
    return url.replace(f":{server.port}/", f":{proxy.port}/")
