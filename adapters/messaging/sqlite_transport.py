# mypy: disable-error-code="no-untyped-call"
"""
The embedded queue as a Kombu transport: `embedded:///var/lib/safelight/queue.db`.

The transports that Kombu brings along without a server lose the message of a killed consumer;
this one leases it (`lease_queue.py`). Several processes may publish and consume. A consumer
sleeps until a publisher rings its queue's bell in the directory `queue.db.bells` beside the file;
looking is left for rings that were lost and leases that are over.

Transport options:
    bells: False where there are no unix sockets; consumers then look more often.
    polling_interval: Seconds between looks; by default 1 with bells and 0.1 without.
    lease_seconds, delivery_limit, keep_dead_seconds: See `LeaseQueue`.
"""

import json
import select
import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any
from urllib.parse import quote, unquote

from kombu.transport import TRANSPORT_ALIASES, virtual

from adapters.messaging.brokerless import BrokerlessChannel, mark_deliveries
from adapters.messaging.lease_queue import Leased, LeaseQueue
from adapters.messaging.unix_bell import UnixBell

SCHEME = "embedded"

_QUEUE_OPTIONS = ("lease_seconds", "delivery_limit", "keep_dead_seconds")
_POLLING_SECONDS = 0.1
_POLLING_SECONDS_WITH_BELL = 1.0


def register() -> None:
    """Make the scheme known to Kombu."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:{Transport.__name__}"


def url_of(path: Path) -> str:
    """Return the URL of the embedded queue in the file at *path*."""
    return f"{SCHEME}://{quote(str(path.absolute()))}"


class Channel(BrokerlessChannel):
    """Routing and consumers by Kombu, messages by `LeaseQueue`; used by one thread at a time."""

    connection: "Transport"

    def __init__(self, connection: "Transport", **options: Any) -> None:
        super().__init__(connection, **options)
        self._limits: dict[str, int] = {}
        self._held: dict[str, str] = {}  # queues by delivery tag

    def add(self, messages: list[tuple[str, str]]) -> None:
        """Add routed messages, all or none."""
        self.connection.add(messages)

    def basic_consume(self, queue: str, *arguments: Any, **options: Any) -> Any:
        """Consume from *queue*, and hear its bell from now on."""
        self.connection.listen_to(queue)
        self._limits[queue] = self._prefetch
        return super().basic_consume(queue, *arguments, **options)

    def drain_events(self, timeout: float | None = None, callback: Any = None) -> None:  # noqa: ARG002
        """Deliver one message to *callback*, or raise Empty; the first consumer goes first."""
        held = list(self._held.values())
        queues = [
            queue
            for queue in self._active_queues
            if not (limit := self._limits[queue]) or held.count(queue) < limit
        ]
        leased = self.connection.queue.take(*queues) if queues else None
        if leased is None:
            raise Empty
        message = _delivered(leased)
        self._held[message["properties"]["delivery_tag"]] = leased.queue
        callback(message, leased.queue)

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """Remove a message in hand."""
        self._held.pop(delivery_tag, None)
        self.connection.queue.remove(*_identity(delivery_tag))
        super().basic_ack(delivery_tag, multiple)

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Return a message in hand to its queue, or bury it."""
        self._held.pop(delivery_tag, None)
        identity = _identity(delivery_tag)
        if requeue:
            self.connection.give_back(identity)
        else:
            self.connection.queue.bury(*identity)
        self.qos.ack(delivery_tag)

    def extend(self, delivery_tags: list[str]) -> None:
        """Renew the leases of messages in hand."""
        self.connection.queue.extend([_identity(tag) for tag in delivery_tags])

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:  # noqa: ARG002
        leased = self.connection.queue.take(queue)
        if leased is None:
            raise Empty
        return _delivered(leased)

    def _restore(self, message: virtual.Message) -> None:
        self.connection.give_back(_identity(message.delivery_tag))

    def _size(self, queue: str) -> int:
        return self.connection.queue.size(queue)

    def _purge(self, queue: str) -> int:
        return self.connection.queue.purge(queue)


class Transport(virtual.Transport):
    """One file, opened on first use, and the bells beside it."""

    Channel = Channel

    can_parse_url = True
    connection_errors = (  # type: ignore[assignment]  # Kombu's own transports differ in length
        *virtual.Transport.connection_errors,
        OSError,
        sqlite3.Error,
    )
    driver_type = "sqlite"
    driver_name = "sqlite3"
    implements = virtual.Transport.implements.extend(batch_publish=True)

    def __init__(self, client: Any, **options: Any) -> None:
        super().__init__(client, **options)
        self._client = client
        given: Mapping[str, Any] = client.transport_options
        self._path = _path_in(client.hostname)
        self._bells_folder: Path | None = None
        if given.get("bells", True):
            self._bells_folder = self._path.with_name(f"{self._path.name}.bells")
        self._bells: dict[str, UnixBell] = {}
        self._listening: dict[int, UnixBell] = {}  # by file descriptor
        self._poll = select.poll()
        self._queue: LeaseQueue | None = None
        if given.get("polling_interval") is None:
            self.polling_interval = (
                _POLLING_SECONDS if self._bells_folder is None else _POLLING_SECONDS_WITH_BELL
            )

    @property
    def queue(self) -> LeaseQueue:
        """The queues in the file that the URL names."""
        if self._queue is None:
            given = self._client.transport_options
            self._queue = LeaseQueue(
                self._path,
                **{name: given[name] for name in _QUEUE_OPTIONS if name in given},
            )
        return self._queue

    def add(self, messages: list[tuple[str, str]]) -> None:
        """Add routed messages, all or none, and wake the consumers."""
        self.queue.add(messages)
        for queue in {queue for queue, _ in messages}:
            self.ring(queue)

    def give_back(self, identity: tuple[int, int]) -> None:
        """Return a message in hand to its queue, and wake the consumers."""
        queue = self.queue.give_back(*identity)
        if queue is not None:
            self.ring(queue)

    def ring(self, queue: str) -> None:
        """Wake the consumers of *queue*, wherever they are."""
        bell = self._bell_of(queue)
        if bell is not None:
            bell.ring()

    def listen_to(self, queue: str) -> None:
        """Hear the bell of *queue* from now on."""
        bell = self._bell_of(queue)
        if bell is not None and bell.fileno() not in self._listening:
            self._listening[bell.fileno()] = bell
            self._poll.register(bell.fileno(), select.POLLIN)

    def _bell_of(self, queue: str) -> UnixBell | None:
        if self._bells_folder is None:
            return None
        bell = self._bells.get(queue)
        if bell is None:
            bell = self._bells[queue] = UnixBell(self._bells_folder / queue)
        return bell

    def establish_connection(self) -> "Transport":
        """Open the file, so that one that cannot be opened is found out now."""
        self.queue.size("")
        connection: Transport = super().establish_connection()
        return connection

    def close_connection(self, connection: "Transport") -> None:
        """Return what is in hand, and close the file."""
        super().close_connection(connection)
        if self._queue is not None:
            self._queue.close()
            self._queue = None
        for bell in self._bells.values():
            bell.close()
        self._bells.clear()
        self._listening.clear()
        self._poll = select.poll()

    def filenos(self) -> list[int]:
        """Return file descriptors of which one is readable once somebody rang."""
        return list(self._listening)

    def drain_events(
        self,
        connection: "Transport",  # noqa: ARG002
        timeout: float | None = None,
        **_: Any,
    ) -> None:
        """Deliver one message, or raise TimeoutError; with a *timeout* of 0 never wait."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            # Rings from before this look are answered by it.
            for descriptor, _events in self._poll.poll(0):
                self._listening[descriptor].hush()
            for channel in self.channels:
                with suppress(Empty):
                    channel.drain_events(callback=self._deliver)
                    return
            wait = self.polling_interval
            if deadline is not None:
                wait = min(wait, deadline - time.monotonic())
                if wait <= 0:
                    raise TimeoutError
            self._poll.poll(wait * 1000)


def _delivered(leased: Leased) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(leased.document)
    message["properties"]["delivery_tag"] = f"{leased.id}/{leased.deliveries}"
    mark_deliveries(message, leased.deliveries)
    return message


def _identity(delivery_tag: str) -> tuple[int, int]:
    identity, _, deliveries = delivery_tag.partition("/")
    return int(identity), int(deliveries)


def _path_in(url: str) -> Path:
    path = unquote(url.removeprefix(f"{SCHEME}://"))
    if not path.startswith("/"):
        raise ValueError(
            f"An embedded queue is named by {SCHEME}:// and an absolute path, not {url!r}."
        )
    return Path(path)
