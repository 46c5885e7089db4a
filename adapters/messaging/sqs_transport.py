# mypy: disable-error-code="no-untyped-call"
"""
Amazon SQS by Kombu's transport, with what that lacks.

Kombu's own waits for messages in the thread that has to beat, looks for the queue to acknowledge
in under the name of the routing key, gives a message back only after its poll time, leaves a
rejected one where it is, and knows neither batches nor renewals. Here, a thread for each queue
polls; a message in hand is unseen for a lease, which `extend` renews; what is rejected goes to the
queue of dead letters.

The queues exist already, with a redrive policy from each to its queue of dead letters: this
program creates none and asks for no right to. See `options`.
"""

import select
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from queue import Empty
from typing import Any

from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError
from kombu.exceptions import OperationalError
from kombu.transport import SQS, TRANSPORT_ALIASES

from adapters.messaging import topology
from adapters.messaging.brokerless import BrokerlessChannel, mark_deliveries
from adapters.messaging.sqs_poller import SqsPoller

SCHEME = "sqs"

_PROMPT_SECONDS = 5
"""Longest wait for an answer in the thread that also has to beat."""
_AT_A_TIME = 10
"""Entries of a batch, says SQS."""


def register() -> None:
    """Have Kombu take this transport for the scheme."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:{Transport.__name__}"


def queue_names() -> list[str]:
    """Return the names of the queues that have to exist, dead letters' included; no dots."""
    return [sqs_name(queue.name) for queue in topology.queues()]


def sqs_name(name: str) -> str:
    """Return how a queue of the topology is called at SQS."""
    return name.replace(".", "-")


def urls_under(prefix: str) -> dict[str, str]:
    """Return the URLs of queues that are called *prefix* and the topology's name."""
    return {name: f"{prefix}{name}" for name in queue_names()}


def options(
    queue_urls: Mapping[str, str],
    *,
    region: str | None = None,
    is_secure: bool = True,
    lease_seconds: int = 60,
    wait_seconds: int = 20,
) -> dict[str, Any]:
    """
    Return transport options for the broker `sqs://`.

    The URL may hold an access key and its secret, and a server other than Amazon's:
    `sqs://key:secret@127.0.0.1:5000`. Without a key, the usual places are looked into.

    Args:
        queue_urls: By `queue_names`.
        region: By default the one in a URL, or in the usual places.
        is_secure: Whether a server of one's own is spoken to by TLS; Amazon's always is.
        lease_seconds: How long a message in hand is unseen, unless the lease is extended.
        wait_seconds: How long an empty queue is waited at, 20 at most; each wait is paid for.

    Raises:
        ValueError: A queue has no URL.
    """
    missing = [name for name in queue_names() if name not in queue_urls]
    if missing:
        raise ValueError(f"These SQS queues have no URL: {', '.join(missing)}.")
    return {
        "predefined_queues": {name: {"url": queue_urls[name]} for name in queue_names()},
        "region": region or _region_in(queue_urls[queue_names()[0]]),
        "is_secure": is_secure,
        "lease_seconds": lease_seconds,
        "wait_time_seconds": wait_seconds,
        "sqs_base64_encoding": False,
        "client-config": {
            "connect_timeout": _PROMPT_SECONDS,
            "read_timeout": _PROMPT_SECONDS,
            # Whoever calls knows better when to try again.
            "retries": {"total_max_attempts": 1},
        },
    }


def _region_in(url: str) -> str | None:
    host = url.partition("://")[2].partition("/")[0]
    name, _, region = host.partition(".amazonaws.com")[0].partition(".")
    return region if name == "sqs" and "amazonaws" in host else None


class Channel(BrokerlessChannel, SQS.Channel):
    """Messages of the queues that the options name; used by one thread at a time."""

    connection: "Transport"
    do_restore = False  # `close` does, all at once

    def __init__(self, connection: "Transport", **given: Any) -> None:
        self._pollers: dict[str, SqsPoller] = {}
        super().__init__(connection, **given)

    def sqs(self, queue: str | None = None) -> Any:  # noqa: ARG002
        """Return the one client for all queues; Kombu makes one for each."""
        if self._sqs is None:
            self._sqs = self.new_sqs_client(
                self.region, self.conninfo.userid, self.conninfo.password
            )
        return self._sqs

    @property
    def lease_seconds(self) -> int:
        """How long a message in hand is unseen."""
        return int(self.transport_options["lease_seconds"])

    def url_of(self, queue: str) -> str:
        """Return the URL of a queue of the topology."""
        return str(self._resolve_queue_url(queue))

    def add(self, messages: list[tuple[str, str]]) -> None:
        """Send messages; if it fails, some may have been sent."""
        for queue in dict.fromkeys(queue for queue, _ in messages):
            documents = [document for name, document in messages if name == queue]
            for chunk in _chunks(documents):
                answer = self.sqs().send_message_batch(
                    QueueUrl=self.url_of(queue),
                    Entries=[
                        {"Id": str(number), "MessageBody": document}
                        for number, document in enumerate(chunk)
                    ],
                )
                for failed in answer.get("Failed", ()):
                    raise OperationalError(f"SQS did not take a message: {failed.get('Message')}")

    def basic_consume(self, queue: str, *arguments: Any, **given: Any) -> Any:
        """Have *queue* polled from now on."""
        consumer = super().basic_consume(queue, *arguments, **given)
        poller = SqsPoller(
            self._long_poll_of(queue),
            limit=self._prefetch,
            release=self._release_of(queue),
            ring=self.connection.ring,
        )
        self._pollers[queue] = poller
        poller.start()
        return consumer

    def basic_cancel(self, consumer_tag: str) -> Any:
        """Poll no more; what is in hand stays good."""
        poller = self._pollers.get(self._tag_to_queue.get(consumer_tag, ""))
        if poller is not None:
            poller.close()
        return super().basic_cancel(consumer_tag)

    def drain_events(self, timeout: float | None = None, callback: Any = None, **_: Any) -> None:  # noqa: ARG002
        """Deliver one message to *callback*, or raise Empty; the first consumer goes first."""
        for queue in self._active_queues:
            received = self._pollers[queue].take()
            if received is not None:
                message = self._message_to_python(received, queue, self.url_of(queue))
                message["properties"]["delivery_info"]["sqs_name"] = queue
                mark_deliveries(message, int(received["Attributes"]["ApproximateReceiveCount"]))
                callback(message, queue)
                return
        raise Empty

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:  # noqa: ARG002
        """Delete a message in hand."""
        queue = self._let_go(delivery_tag)
        self.sqs().delete_message(QueueUrl=self.url_of(queue), ReceiptHandle=delivery_tag)

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Return a message in hand to its queue at once, or send it to the dead letters."""
        received = self.qos.get(delivery_tag).delivery_info["sqs_message"]
        queue = self._let_go(delivery_tag)
        if requeue:
            self.see_again([(queue, delivery_tag)], 0)
            return
        self.sqs().send_message(
            QueueUrl=self.url_of(topology.dead_name_of(queue)),
            MessageBody=received["Body"],
            MessageAttributes={
                "rejected": {"DataType": "String", "StringValue": "true"},
                "deliveries": {
                    "DataType": "Number",
                    "StringValue": received["Attributes"]["ApproximateReceiveCount"],
                },
            },
        )
        self.sqs().delete_message(QueueUrl=self.url_of(queue), ReceiptHandle=delivery_tag)

    def extend(self, delivery_tags: list[str]) -> None:
        """Renew the leases of messages in hand."""
        self.see_again([(self._queue_of(tag), tag) for tag in delivery_tags], self.lease_seconds)

    def close(self) -> None:
        """Give back what has come and is in hand."""
        if not self.closed:
            self.qos._flush()  # noqa: SLF001 (forgets what has been let go)
            held = [(self._queue_of(tag), tag) for tag in self.qos._delivered]  # noqa: SLF001
            with suppress(BotoCoreError, ClientError, OSError):
                self.see_again(held, 0)
        super().close()

    def _queue_of(self, delivery_tag: str) -> str:
        return str(self.qos.get(delivery_tag).delivery_info["sqs_name"])

    def _let_go(self, delivery_tag: str) -> str:
        queue = self._queue_of(delivery_tag)
        self.qos.ack(delivery_tag)
        self._pollers[queue].let_go()
        return queue

    def see_again(self, messages: Sequence[tuple[str, str]], seconds: int) -> None:
        """Have messages, by queue and receipt, seen again after *seconds*, if still ours."""
        for queue in dict.fromkeys(queue for queue, _ in messages):
            tags = [tag for name, tag in messages if name == queue]
            _see_again(self.sqs(), self.url_of(queue), tags, seconds)

    def _long_poll_of(self, queue: str) -> Any:
        wait_seconds = self.wait_time_seconds
        client = self._new_boto_client(
            "sqs",
            self.region,
            self.conninfo.userid,
            self.conninfo.password,
            config=Config(
                connect_timeout=_PROMPT_SECONDS, read_timeout=wait_seconds + _PROMPT_SECONDS
            ),
        )
        asked = {
            "QueueUrl": self.url_of(queue),
            "WaitTimeSeconds": wait_seconds,
            "VisibilityTimeout": self.lease_seconds,
            "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
        }
        return lambda room: client.receive_message(MaxNumberOfMessages=room, **asked).get(
            "Messages", []
        )

    def _release_of(self, queue: str) -> Callable[[Sequence[dict[str, Any]]], None]:
        """Return what a poller gives back by; it may do so after the channel was closed."""
        client, url = self.sqs(), self.url_of(queue)

        def release(messages: Sequence[dict[str, Any]]) -> None:
            with suppress(BotoCoreError, ClientError, OSError):
                _see_again(client, url, [message["ReceiptHandle"] for message in messages], 0)

        return release


class Transport(SQS.Transport):
    """Clients for one account, and a bell that the pollers ring."""

    Channel = Channel

    connection_errors = (  # type: ignore[assignment]  # Kombu's own transports differ in length
        *SQS.Transport.connection_errors,
        ClientError,
    )
    implements = SQS.Transport.implements.extend(batch_publish=True)

    def __init__(self, client: Any, **given: Any) -> None:
        super().__init__(client, **given)
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)
        self._ringer.setblocking(False)

    def ring(self) -> None:
        """Wake who waits for messages; for other threads."""
        with suppress(OSError):  # Full, so it has been rung; or closed.
            self._ringer.send(b"!")

    def filenos(self) -> list[int]:
        """Return file descriptors of which one is readable once a message has come."""
        return [self._bell.fileno()]

    def drain_events(
        self,
        connection: "Transport",  # noqa: ARG002
        timeout: float | None = None,
        **_: Any,
    ) -> None:
        """Deliver one message, or raise TimeoutError."""
        while True:
            with suppress(BlockingIOError):
                while self._bell.recv(64):
                    pass
            for channel in self.channels:
                with suppress(Empty):
                    channel.drain_events(callback=self._deliver)
                    return
            if timeout == 0 or not select.select([self._bell], [], [], timeout)[0]:
                raise TimeoutError

    def close_connection(self, connection: "Transport") -> None:
        """Give back what is in hand."""
        super().close_connection(connection)
        self._bell.close()
        self._ringer.close()


def _see_again(client: Any, url: str, tags: Sequence[str], seconds: int) -> None:
    for chunk in _chunks(tags):
        client.change_message_visibility_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": tag, "VisibilityTimeout": seconds}
                for number, tag in enumerate(chunk)
            ],
        )


def _chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), _AT_A_TIME):
        yield items[start : start + _AT_A_TIME]
