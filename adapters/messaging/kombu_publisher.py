# mypy: untyped-calls-exclude=kombu
"""Publishes by Kombu: to the embedded queue or to a broker, by URL."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from kombu.messaging import Producer

from adapters.messaging import topology
from adapters.messaging.connection import (
    connect,
    connection_to,
    disconnect,
    telling_broker_failures,
)
from adapters.messaging.envelope import wrap
from application.ports.message_publisher import BrokerUnavailable, Message, MessagePublisher


class KombuPublisher(MessagePublisher):
    """
    Publishes over one connection, made on first use and again after a failure.

    Threads take turns: Kombu's connections are not to be shared. What a broker returns because no
    queue is bound for it counts as a failure, for it is confirmed all the same. A batch enters the
    embedded queue in one transaction.

    Attributes:
        confirm_seconds: How long a message's confirmation may take.
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
        self._returned: list[str] = []

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish *messages*, in order."""
        with self._lock:
            try:
                with telling_broker_failures(self._connection):
                    self._publish(messages)
            except BrokerUnavailable:
                self._disconnect()
                raise

    def close(self) -> None:
        """Disconnect; the next message connects again."""
        with self._lock:
            self._disconnect()

    def _publish(self, messages: Sequence[Message]) -> None:
        producer = self._producer or self._connect()
        self._returned.clear()
        with producer.batch():
            for message in messages:
                producer.publish(
                    wrap(message),
                    routing_key=message.kind,
                    correlation_id=message.correlation_id,
                    serializer="json",
                    delivery_mode="persistent",
                    mandatory=True,
                    timeout=self._confirm_seconds,
                    confirm_timeout=self._confirm_seconds,
                )
        if self._returned:
            kinds = ", ".join(sorted(set(self._returned)))
            raise BrokerUnavailable(f"No queue is bound for {kinds}.")

    def _connect(self) -> Producer:
        connect(self._connection)
        channel = self._connection.channel()
        for queue in topology.queues():
            queue(channel).declare()
        self._producer = Producer(
            channel, exchange=topology.exchange(), auto_declare=False, on_return=self._on_return
        )
        return self._producer

    def _disconnect(self) -> None:
        self._producer = None
        disconnect(self._connection)

    def _on_return(self, error: Exception, exchange: str, routing_key: str, message: Any) -> None:
        del error, exchange, message
        self._returned.append(routing_key)
