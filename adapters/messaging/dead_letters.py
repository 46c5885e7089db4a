# mypy: untyped-calls-exclude=kombu
"""Dead letters wherever a URL says that the messages are."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from adapters.messaging import topology
from adapters.messaging.connection import (
    connect,
    connection_to,
    disconnect,
    telling_broker_failures,
)
from adapters.messaging.envelope import NotAnEnvelope, unwrap
from application.ports.dead_letters import DeadLetter, DeadLetters
from application.ports.message_publisher import BrokerUnavailable, Message
from domain.tasks.priority import Priority


class KombuDeadLetters(DeadLetters):
    """Both lanes of a queue, over one connection; each kind of broker adds how one lane is read."""

    def __init__(
        self, connection_url: str, transport_options: Mapping[str, Any] | None = None
    ) -> None:
        self._connection = connection_to(connection_url, transport_options)
        self._channel: Any = None

    def count(self, queue: str) -> int:
        with self._connected():
            return sum(self._count(topology.queue_name(queue, lane)) for lane in Priority)

    def peek(self, queue: str, limit: int = 100) -> Sequence[DeadLetter]:
        letters: list[DeadLetter] = []
        with self._connected():
            for lane in Priority:
                if len(letters) < limit:
                    name = topology.queue_name(queue, lane)
                    letters += self._peek(name, lane, limit - len(letters))
        return letters

    def requeue(self, queue: str, ids: Sequence[str]) -> int:
        with self._connected():
            return sum(self._requeue(topology.queue_name(queue, lane), ids) for lane in Priority)

    def drop(self, queue: str, ids: Sequence[str]) -> int:
        with self._connected():
            return sum(self._drop(topology.queue_name(queue, lane), ids) for lane in Priority)

    def close(self) -> None:
        """Disconnect."""
        self._channel = None
        disconnect(self._connection)

    @contextmanager
    def _connected(self) -> Iterator[None]:
        try:
            with telling_broker_failures(self._connection):
                if self._channel is None:
                    connect(self._connection)
                    channel = self._connection.channel()
                    for queue in topology.queues():
                        queue(channel).declare()
                    self._channel = channel
                yield
        except BrokerUnavailable:
            self.close()
            raise

    @abstractmethod
    def _count(self, name: str) -> int: ...

    @abstractmethod
    def _peek(self, name: str, lane: Priority, limit: int) -> Sequence[DeadLetter]: ...

    @abstractmethod
    def _requeue(self, name: str, ids: Sequence[str]) -> int: ...

    @abstractmethod
    def _drop(self, name: str, ids: Sequence[str]) -> int: ...


def message_in(body: object) -> Message | None:
    """Return the message in a decoded body, if it is one of ours."""
    try:
        return unwrap(body)
    except NotAnEnvelope:
        return None
