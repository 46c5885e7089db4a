# mypy: untyped-calls-exclude=kombu
"""Receives by Kombu: from the embedded queue or from a broker, by URL."""

import select
import socket
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from typing import Any

import structlog
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

_UPKEEP_SECONDS = 1.0
_BLIND_SECONDS = 0.1
"""Between looks at a transport that has no file descriptor to wait for."""

_log = structlog.get_logger(__name__)


class KombuInbox(MessageInbox):
    """
    Takes messages from one queue of the topology.

    Attributes:
        prefetch: Most messages in hand at a time.
        heartbeat_seconds: Silence after which a broker's connection is taken for dead.
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
        heartbeat_seconds: float = 20.0,
        extend_seconds: float = 15.0,
    ) -> None:
        self._connection = connection_to(
            connection_url, transport_options, heartbeat_seconds=heartbeat_seconds
        )
        self._queue = topology.queue_of(queue)
        self._prefetch = prefetch
        self._extend_seconds = extend_seconds
        self._receipts = count(1)
        self._channel: Any = None
        self._consumer: Consumer | None = None
        self._arrived: deque[KombuMessage] = deque()
        self._in_hand: dict[int, KombuMessage] = {}
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
            consumer = Consumer(
                channel,
                [self._queue],
                accept=["json"],
                auto_declare=False,
                on_message=self._arrived.append,
                prefetch_count=self._prefetch,
            )
            consumer.consume()
        self._channel, self._consumer = channel, consumer
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
        """Cancel the consumer; receipts stay good."""
        if self._consumer is not None:
            with telling_broker_failures(self._connection):
                self._consumer.cancel()

    def acknowledge(self, received: ReceivedMessage) -> None:
        """Acknowledge to the broker."""
        message = self._in_hand.pop(received.receipt, None)
        if message is not None:
            with telling_broker_failures(self._connection):
                message.ack()

    def give_back(self, received: ReceivedMessage) -> None:
        """Requeue at the broker."""
        message = self._in_hand.pop(received.receipt, None)
        if message is not None:
            with telling_broker_failures(self._connection):
                message.requeue()

    def bury(self, received: ReceivedMessage) -> None:
        """Reject at the broker, which keeps dead letters."""
        message = self._in_hand.pop(received.receipt, None)
        if message is not None:
            with telling_broker_failures(self._connection):
                message.reject()

    def close(self) -> None:
        """Disconnect; the broker gives what is in hand to others."""
        self._channel = self._consumer = None
        self._arrived.clear()
        self._in_hand.clear()
        disconnect(self._connection)

    def _next(self) -> ReceivedMessage | None:
        while True:
            while self._arrived:
                received = self._open_letter(self._arrived.popleft())
                if received is not None:
                    return received
            try:
                self._connection.drain_events(timeout=0)
            except TimeoutError:
                return None

    def _open_letter(self, letter: KombuMessage) -> ReceivedMessage | None:
        try:
            message = unwrap(letter.decode())
        except (NotAnEnvelope, ContentDisallowed, DecodeError) as error:
            _log.warning("message buried", queue=self._queue.name, reason=str(error))
            letter.reject()
            return None
        receipt = next(self._receipts)
        self._in_hand[receipt] = letter
        return ReceivedMessage(
            message, receipt, redelivered=bool(letter.delivery_info.get("redelivered"))
        )

    def _keep_alive(self) -> None:
        now = time.monotonic()
        if now >= self._upkeep_at:
            self._upkeep_at = now + _UPKEEP_SECONDS
            self._connection.heartbeat_check(rate=2)
        if now >= self._extend_at:
            self._extend_at = now + self._extend_seconds
            letters = [*self._in_hand.values(), *self._arrived]
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
        transport = self._connection.transport
        if isinstance(transport, sqlite_transport.Transport):
            if len(self._in_hand) >= self._prefetch:
                return _UPKEEP_SECONDS  # Hands are full: no news is welcome but `wake`.
            descriptors, look_seconds = transport.filenos(), transport.polling_interval
        else:
            sock = getattr(self._connection.connection, "sock", None)
            descriptors = [] if sock is None else [sock.fileno()]
            look_seconds = _BLIND_SECONDS if sock is None else _UPKEEP_SECONDS
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        return look_seconds
