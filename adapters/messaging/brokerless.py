# mypy: disable-error-code="no-untyped-call"
"""What a broker does for its clients, for Kombu transports that have no broker behind them."""

import json
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import virtual


class PublishBatch:
    """Messages that are added together (`Producer.batch`)."""

    def __init__(self, channel: "BrokerlessChannel", max_size: int) -> None:
        self.channel = channel
        self._max_size = max_size
        self._messages: list[tuple[str, str]] = []

    def publish(self, message: dict[str, Any], **options: Any) -> None:
        """Keep a message."""
        self.channel.basic_publish(message, batch=self, **options)
        if len(self._messages) >= self._max_size:
            self.flush()

    def add(self, queue: str, document: str) -> None:
        """Keep a routed message."""
        self._messages.append((queue, document))

    def flush(self) -> None:
        """Add what is kept to the queues."""
        if self._messages:
            self.channel.add(self._messages)
            self._messages = []

    def discard(self) -> None:
        """Forget what is kept."""
        self._messages = []

    def close(self) -> None:
        """Nothing is held open."""


class BrokerlessChannel(virtual.Channel):
    """Routing, returns, batches and a bound for each consumer, as RabbitMQ has them."""

    supports_batch_publish = True
    # Bodies are JSON, so text: no need to wrap them once more.
    body_encoding = "utf-8"

    def __init__(self, connection: Any, **options: Any) -> None:
        super().__init__(connection, **options)
        self.events: dict[str, set[Callable[..., None]]] = defaultdict(set)
        self._prefetch = 0

    @abstractmethod
    def add(self, messages: list[tuple[str, str]]) -> None:
        """Add messages, each a queue and a document."""

    def create_publish_batch(self, max_size: int) -> PublishBatch:
        """Start a batch for `Producer.batch`."""
        return PublishBatch(self, max_size)

    def basic_publish(
        self,
        message: dict[str, Any],
        exchange: str = "",
        routing_key: str = "",
        *,
        mandatory: bool = False,
        **options: Any,
    ) -> None:
        """Publish; a *mandatory* message that no queue wants is returned."""
        if mandatory and not self._lookup(exchange, routing_key):
            error = ChannelError(f"No queue is bound for {routing_key!r} in {exchange!r}.")
            if not self.events["basic_return"]:
                raise error
            for on_return in self.events["basic_return"]:
                on_return(error, exchange, routing_key, message)
            return
        super().basic_publish(message, exchange, routing_key, **options)

    def basic_qos(
        self,
        prefetch_size: int = 0,  # noqa: ARG002
        prefetch_count: int = 0,
        apply_global: bool = False,  # noqa: ARG002
    ) -> None:
        """Bound what each consumer from now on has in hand; 0 is no bound."""
        self._prefetch = prefetch_count

    def encode_body(
        self, body: str | bytes, encoding: str | None = None
    ) -> tuple[str | bytes, str | None]:
        """Leave text as it is, and make text of bytes."""
        if isinstance(body, bytes):
            encoding = "base64"
        encoded: tuple[str | bytes, str | None] = super().encode_body(body, encoding)
        return encoded

    def _put(
        self, queue: str, message: dict[str, Any], batch: PublishBatch | None = None, **_: Any
    ) -> None:
        document = json.dumps(message, separators=(",", ":"))
        if batch is None:
            self.add([(queue, document)])
        else:
            batch.add(queue, document)


def mark_deliveries(message: dict[str, Any], deliveries: int) -> None:
    """Say how often *message* has been handed out, as RabbitMQ's quorum queues do."""
    message["properties"]["delivery_info"]["redelivered"] = deliveries > 1
    if deliveries > 1:
        message.setdefault("headers", {})["x-delivery-count"] = deliveries - 1
