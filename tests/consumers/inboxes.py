"""An embedded queue for the tests of consumers, and a look into it."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

from adapters.messaging import topology
from adapters.messaging.kombu_inbox import KombuInbox
from adapters.messaging.kombu_publisher import KombuPublisher
from adapters.messaging.sqlite_transport import url_of
from application.ports.message_publisher import Message


class AQueue:
    """The embedded queue in a directory."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "queue.db"
        self._publisher = KombuPublisher(url_of(self.path))
        self._publisher.publish([])

    def publish(self, count: int = 1, kind: str = "TaskQueued") -> list[UUID]:
        """Publish messages about new ids, and return the ids."""
        ids = [uuid4() for _ in range(count)]
        self._publisher.publish([Message(kind, id, f"request-{id}") for id in ids])
        return ids

    def inbox(self, prefetch: int = 2, queue: str = topology.IMAGE_PROCESSING) -> KombuInbox:
        return KombuInbox(url_of(self.path), queue, prefetch=prefetch)

    def _count(self, question: str) -> int:
        with closing(sqlite3.connect(self.path)) as file:
            return file.execute(question).fetchone()[0]

    def waiting(self) -> int:
        return self._count("SELECT count(*) FROM message WHERE leased_until = 0")

    def in_hand(self) -> int:
        return self._count("SELECT count(*) FROM message WHERE leased_until > 0")

    def dead(self) -> int:
        return self._count("SELECT count(*) FROM dead_letter")

    def is_empty(self) -> bool:
        return not self.waiting() + self.in_hand()


def wait_until(condition, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.005)
