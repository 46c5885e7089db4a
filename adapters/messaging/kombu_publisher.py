# mypy: untyped-calls-exclude=kombu
"""Publishes by Kombu: to the embedded queue or to a broker, by URL."""

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

import structlog
from kombu.messaging import Producer

from adapters.messaging import topology
from adapters.messaging.confirms import Confirms
from adapters.messaging.connection import (
    connect,
    connection_to,
    disconnect,
    speaks_amqp,
    telling_broker_failures,
)
from adapters.messaging.envelope import wrap
from application.ports.message_publisher import BrokerUnavailable, Message, MessagePublisher

_log = structlog.get_logger(__name__)


class KombuPublisher(MessagePublisher):
    """
    Publishes over one connection, made on first use and again after a failure.

    Threads take turns: Kombu's connections are not to be shared. A batch enters the embedded
    queue in one transaction; a broker confirms it as a whole.

    Attributes:
        confirm_seconds: How long a broker may take to confirm a batch.
    """

    def __init__(
        self,
        connection_url: str,
        transport_options: Mapping[str, Any] | None = None,
        *,
        confirm_seconds: float = 10.0,
    ) -> None:
        self._connection = connection_to(connection_url, transport_options)
        self._confirm_seconds = confirm_seconds
        self._lock = threading.Lock()
        self._producer: Producer | None = None
        self._confirms: Confirms | None = None
        self._returned: list[str] = []

    def publish(self, messages: Sequence[Message]) -> Sequence[int]:
        """Publish *messages*, in order, and return the positions of those that came back."""
        with self._lock:
            try:
                with telling_broker_failures(self._connection):
                    return self._publish(messages)
            except BrokerUnavailable:
                self._disconnect()
                raise

    def close(self) -> None:
        """Disconnect; the next message connects again."""
        with self._lock:
            self._disconnect()

    def _publish(self, messages: Sequence[Message]) -> Sequence[int]:
        producer = self._live_producer()
        self._returned.clear()
        positions = {uuid4().hex: position for position in range(len(messages))}
        deadline = time.monotonic() + self._confirm_seconds
        with producer.batch():
            for message, message_id in zip(messages, positions, strict=True):
                if self._confirms is not None:
                    self._confirms.expect()
                producer.publish(
                    wrap(message),
                    routing_key=topology.routing_key(message.kind, message.priority),
                    message_id=message_id,
                    correlation_id=message.correlation_id,
                    serializer="json",
                    delivery_mode="persistent",
                    mandatory=True,
                    timeout=max(0.1, deadline - time.monotonic()),
                )
        if self._confirms is not None:
            self._confirms.wait(deadline)
        # A broker returns a message before it confirms it, so none is missing here.
        refused = [positions[message_id] for message_id in self._returned]
        for position in refused:
            message = messages[position]
            _log.error(
                "no queue takes a message",
                kind=message.kind,
                priority=message.priority.value,
                subject_id=str(message.subject_id),
                correlation_id=message.correlation_id,
            )
        return refused

    def _live_producer(self) -> Producer:
        """Return the producer; over a new connection if the old one ended while it was idle."""
        if self._confirms is not None:
            try:
                with telling_broker_failures(self._connection), suppress(TimeoutError):
                    while True:
                        self._connection.drain_events(timeout=0)
            except BrokerUnavailable:
                self._disconnect()
        return self._producer or self._connect()

    def _connect(self) -> Producer:
        connect(self._connection)
        channel = self._connection.channel()
        for queue in topology.queues():
            queue(channel).declare()
        self._confirms = Confirms(channel) if speaks_amqp(self._connection) else None
        self._producer = Producer(
            channel, exchange=topology.exchange(), auto_declare=False, on_return=self._on_return
        )
        return self._producer

    def _disconnect(self) -> None:
        self._producer = self._confirms = None
        disconnect(self._connection)

    def _on_return(self, error: Exception, exchange: str, routing_key: str, message: Any) -> None:
        del error, exchange, routing_key
        properties = message["properties"] if isinstance(message, dict) else message.properties
        self._returned.append(properties["message_id"])
