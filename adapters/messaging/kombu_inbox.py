# mypy: untyped-calls-exclude=kombu
"""Receives by Kombu: from the embedded queue or from a broker, by URL."""

import select
import socket
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

import attrs
import structlog
from kombu.entity import Queue
from kombu.exceptions import ContentDisallowed, DecodeError
from kombu.message import Message as KombuMessage
from kombu.messaging import Consumer

from adapters.messaging import sqlite_transport, topology
from adapters.messaging.connection import (
    connect,
    connection_to,
    disconnect,
    telling_broker_failures,
)
from adapters.messaging.envelope import NotAnEnvelope, unwrap
from application.ports.message_inbox import MessageInbox, ReceivedMessage
from domain.tasks.priority import Priority

_UPKEEP_SECONDS = 1.0
_BLIND_SECONDS = 0.1
"""Between looks at a transport that has no file descriptor to wait for."""

_log = structlog.get_logger(__name__)


@attrs.define(eq=False)
class _Lane:
    """
    One of a queue's two lanes.

    Attributes:
        limit: Most messages of it in hand.
        arrived: What has come and is not in hand yet.
    """

    queue: Queue
    limit: int
    arrived: deque[KombuMessage] = attrs.field(factory=deque)
    in_hand: int = 0


class KombuInbox(MessageInbox):
    """
    Takes messages from both lanes of one queue of the topology: interactive ones first.

    Batch messages leave one hand free, if there are two. A broker sends each lane up to its limit
    on its own, so a few more than *prefetch* may have come; they are handed out as hands get free.

    Attributes:
        prefetch: Most messages in hand at a time.
        heartbeat_seconds: A broker's connection is taken for dead after twice this silence.
        extend_seconds: Between renewals of what is in hand, on transports that lease; well within
            the lease.
    """

    def __init__(
        self,
        connection_url: str,
        queue: str,
        *,
        prefetch: int,
        transport_options: Mapping[str, Any] | None = None,
        heartbeat_seconds: float = 10.0,
        extend_seconds: float = 15.0,
    ) -> None:
        self._connection = connection_to(
            connection_url, transport_options, heartbeat_seconds=heartbeat_seconds
        )
        self._prefetch = prefetch
        limits = {Priority.INTERACTIVE: prefetch, Priority.BATCH: max(1, prefetch - 1)}
        self._lanes = [
            _Lane(topology.queue_of(queue, priority), limits[priority]) for priority in Priority
        ]
        self._extend_seconds = extend_seconds
        self._receipts = count(1)
        self._channel: Any = None
        self._consumers: list[Consumer] = []
        self._pulls = False
        self._in_hand: dict[int, tuple[KombuMessage, _Lane]] = {}
        self._upkeep_at = self._extend_at = 0.0
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)

    def open(self) -> None:
        """Connect, declare every queue and start to consume."""
        with telling_broker_failures(self._connection):
            connect(self._connection)
            channel = self._connection.channel()
            for queue in topology.queues():
                queue(channel).declare()
            # Each consumer gets the bound that was set last before it.
            consumers = [self._consumer_of(lane, channel) for lane in self._lanes]
        self._channel, self._consumers = channel, consumers
        self._pulls = isinstance(self._connection.transport, sqlite_transport.Transport)
        self._extend_at = time.monotonic() + self._extend_seconds

    def receive(self, seconds: float) -> ReceivedMessage | None:
        """Look without waiting, then sleep until the broker, the bell or `wake` calls."""
        deadline = time.monotonic() + seconds
        while True:
            if self._channel is not None:
                with telling_broker_failures(self._connection):
                    self._keep_alive()
                    received = self._next()
                if received is not None:
                    return received
            remaining = deadline - time.monotonic()
            if self._sleep(max(0.0, remaining)) or remaining <= 0:
                return None

    def wake(self) -> None:
        """Put a byte where `receive` waits."""
        with suppress(OSError):  # Full, so it has been woken; or closed.
            self._waker.send(b"!")

    def stop_taking(self) -> None:
        """Cancel the consumers; receipts stay good."""
        with telling_broker_failures(self._connection):
            for consumer in self._consumers:
                consumer.cancel()

    def acknowledge(self, received: ReceivedMessage) -> None:
        """Acknowledge to the broker."""
        with self._letting_go(received) as letter:
            if letter is not None:
                letter.ack()

    def give_back(self, received: ReceivedMessage) -> None:
        """Requeue at the broker."""
        with self._letting_go(received) as letter:
            if letter is not None:
                letter.requeue()

    def bury(self, received: ReceivedMessage) -> None:
        """Reject at the broker, which keeps dead letters."""
        with self._letting_go(received) as letter:
            if letter is not None:
                letter.reject()

    def close(self) -> None:
        """Disconnect; the broker gives what is in hand to others."""
        self._channel = None
        self._consumers.clear()
        for lane in self._lanes:
            lane.arrived.clear()
            lane.in_hand = 0
        self._in_hand.clear()
        disconnect(self._connection)

    def _consumer_of(self, lane: _Lane, channel: Any) -> Consumer:
        consumer = Consumer(
            channel,
            [lane.queue],
            accept=["json"],
            auto_declare=False,
            on_message=lane.arrived.append,
            prefetch_count=lane.limit,
        )
        consumer.consume()
        return consumer

    def _next(self) -> ReceivedMessage | None:
        while True:
            fetched = self._fetch()
            received = self._hand_out()
            if received is not None or not fetched:
                return received

    def _fetch(self) -> bool:
        """Take in what has come, or look for one message; return whether there was any."""
        if self._pulls and len(self._in_hand) >= self._prefetch:
            return False
        fetched = False
        with suppress(TimeoutError):
            while True:
                self._connection.drain_events(timeout=0)
                fetched = True
                if self._pulls:
                    break
        return fetched

    def _hand_out(self) -> ReceivedMessage | None:
        for lane in self._lanes:
            while lane.arrived and lane.in_hand < lane.limit and self._has_a_free_hand():
                received = self._open_letter(lane.arrived.popleft(), lane)
                if received is not None:
                    return received
        return None

    def _has_a_free_hand(self) -> bool:
        return len(self._in_hand) < self._prefetch

    def _open_letter(self, letter: KombuMessage, lane: _Lane) -> ReceivedMessage | None:
        try:
            message = unwrap(letter.decode())
        except (NotAnEnvelope, ContentDisallowed, DecodeError) as error:
            _log.warning("message buried", queue=lane.queue.name, reason=str(error))
            letter.reject()
            return None
        receipt = next(self._receipts)
        self._in_hand[receipt] = letter, lane
        lane.in_hand += 1
        return ReceivedMessage(
            message, receipt, redelivered=bool(letter.delivery_info.get("redelivered"))
        )

    @contextmanager
    def _letting_go(self, received: ReceivedMessage) -> Iterator[KombuMessage | None]:
        """Free a hand and lend the letter that it held; None if its connection is gone."""
        letter, lane = self._in_hand.pop(received.receipt, (None, None))
        if lane is not None:
            lane.in_hand -= 1
        with telling_broker_failures(self._connection):
            yield letter

    def _keep_alive(self) -> None:
        now = time.monotonic()
        if now >= self._upkeep_at:
            self._upkeep_at = now + _UPKEEP_SECONDS
            self._connection.heartbeat_check(rate=2)
        if now >= self._extend_at:
            self._extend_at = now + self._extend_seconds
            letters = [letter for letter, _ in self._in_hand.values()]
            for lane in self._lanes:
                letters += lane.arrived
            if letters and hasattr(self._channel, "extend"):
                self._channel.extend([letter.delivery_tag for letter in letters])

    def _sleep(self, seconds: float) -> bool:
        """Sleep until there may be a message; True if woken by `wake`."""
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        if self._channel is not None:
            seconds = min(seconds, _UPKEEP_SECONDS, self._watch(poll))
        ready = [descriptor for descriptor, _ in poll.poll(seconds * 1000)]
        if self._woken.fileno() not in ready:
            return False
        with suppress(BlockingIOError):
            while self._woken.recv(64):
                pass
        return True

    def _watch(self, poll: select.poll) -> float:
        """Add what says that there is news to *poll*; return how long to rely on that."""
        if self._pulls and not self._has_a_free_hand():
            return _UPKEEP_SECONDS  # No news is welcome but `wake`.
        transport = self._connection.transport
        if hasattr(transport, "filenos"):
            descriptors, look_seconds = transport.filenos(), transport.polling_interval
        else:
            sock = getattr(self._connection.connection, "sock", None)
            descriptors = [] if sock is None else [sock.fileno()]
            look_seconds = _BLIND_SECONDS if sock is None else _UPKEEP_SECONDS
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        return float(look_seconds)
