"""What carries messages: the embedded queue and each broker, empty and ready for one test."""

import multiprocessing
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from kombu import Producer

from adapters.messaging import topology
from adapters.messaging.connection import connection_to
from adapters.messaging.embedded_dead_letters import EmbeddedDeadLetters
from adapters.messaging.kombu_inbox import KombuInbox
from adapters.messaging.kombu_publisher import KombuPublisher
from adapters.messaging.rabbitmq_dead_letters import RabbitMQDeadLetters
from adapters.messaging.sqlite_transport import url_of
from adapters.messaging.sqs_dead_letters import SqsDeadLetters
from application.ports.dead_letters import DeadLetters
from application.ports.message_inbox import ReceivedMessage
from application.ports.message_publisher import Message
from domain.tasks.priority import Priority

# Fresh interpreters: nothing of pytest's, no inherited connection.
PROCESSES = multiprocessing.get_context("spawn")

QUEUE = topology.IMAGE_PROCESSING


def a_message(kind: str = "TaskQueued", priority: Priority = Priority.INTERACTIVE) -> Message:
    return Message(kind, uuid4(), f"request-{uuid4()}", priority)


class Broker(ABC):
    """
    One of them, and its adapters.

    Attributes:
        url, options: What every adapter is made of.
        patience: Seconds after which what is not there will not come.
    """

    url: str
    options: dict[str, Any] = {}
    patience = 0.1

    def __init__(self) -> None:
        self._opened: list[Any] = []

    def publisher(self) -> KombuPublisher:
        return self._kept(KombuPublisher(self.url, self.options))

    def inbox(self, queue: str = QUEUE, *, prefetch: int = 100, **more: Any) -> KombuInbox:
        inbox = self._kept(
            KombuInbox(self.url, queue, prefetch=prefetch, transport_options=self.options, **more)
        )
        inbox.open()
        return inbox

    @abstractmethod
    def dead_letters(self) -> DeadLetters: ...

    def everything_from(self, inbox: KombuInbox) -> list[ReceivedMessage]:
        """Receive until nothing comes any more."""
        received = []
        while (each := inbox.receive(self.patience)) is not None:
            received.append(each)
        return received

    def send_raw(self, body: Any, **properties: Any) -> None:
        """Send what no publisher of ours would."""
        with connection_to(self.url, self.options) as connection:
            channel = connection.channel()
            topology.queue_of(QUEUE)(channel).declare()
            producer = Producer(channel, exchange=topology.exchange())
            producer.publish(body, routing_key="TaskQueued", **properties)

    def kill_a_consumer(self) -> None:
        """Have a process take a message in hand, and kill it."""
        reader, writer = PROCESSES.Pipe(duplex=False)
        doomed = PROCESSES.Process(target=_take_one, args=(self.url, self.options, writer))
        doomed.start()
        assert reader.poll(30), "nothing came"
        doomed.kill()
        doomed.join()

    def close(self) -> None:
        for each in self._opened:
            each.close()

    def _kept(self, opened: Any) -> Any:
        self._opened.append(opened)
        return opened


def _take_one(url: str, options: dict[str, Any], writer: Any) -> None:
    inbox = KombuInbox(url, QUEUE, prefetch=1, transport_options=options)
    inbox.open()
    assert inbox.receive(20) is not None
    writer.send("in hand")
    time.sleep(60)


class Embedded(Broker):
    def __init__(self, directory: Any) -> None:
        super().__init__()
        self.url = url_of(directory / "queue.db")
        self.options = {"lease_seconds": 2.0, "delivery_limit": topology.DELIVERY_LIMIT}

    def dead_letters(self) -> DeadLetters:
        return self._kept(EmbeddedDeadLetters(self.url, self.options))


class OverRabbitMQ(Broker):
    patience = 0.5

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def dead_letters(self) -> DeadLetters:
        return self._kept(RabbitMQDeadLetters(self.url, self.options))


class OverSqs(Broker):
    patience = 1.5

    def __init__(self, url: str, options: dict[str, Any]) -> None:
        super().__init__()
        self.url, self.options = url, options

    def dead_letters(self) -> DeadLetters:
        return self._kept(SqsDeadLetters(self.url, self.options))


@pytest.fixture(params=["embedded", "rabbitmq", "sqs"])
def broker(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Broker]:
    """Each of them in turn."""
    match request.param:
        case "embedded":
            broker: Broker = Embedded(tmp_path)
        case "rabbitmq":
            server = request.getfixturevalue("rabbitmq")
            broker = OverRabbitMQ(server.create_host())
        case "sqs":
            server = request.getfixturevalue("sqs")
            urls = server.create_queues()
            broker = OverSqs(server.url, server.options(urls, lease_seconds=5))
    yield broker
    broker.close()
    if request.param == "rabbitmq":
        server.drop_host(broker.url)


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.05)
