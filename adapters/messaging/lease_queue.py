"""A queue in one SQLite file, shared by processes: messages are leased, never handed away."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs

# AUTOINCREMENT keeps an id from being given twice, for else a late removal could hit a newcomer.
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        queue TEXT NOT NULL,
        leased_until REAL NOT NULL DEFAULT 0,
        deliveries INTEGER NOT NULL DEFAULT 0,
        document TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS message_by_queue ON message (queue, leased_until);
    CREATE INDEX IF NOT EXISTS message_in_hand ON message (leased_until) WHERE leased_until > 0;
    CREATE TABLE IF NOT EXISTS dead_letter (
        id INTEGER PRIMARY KEY,
        queue TEXT NOT NULL,
        died_at REAL NOT NULL,
        deliveries INTEGER NOT NULL,
        document TEXT NOT NULL
    ) STRICT;
"""
_BUSY_SECONDS = 10.0
_REAP_SECONDS = 1.0
_KEPT_WAL_BYTES = 4 * 1024 * 1024


@attrs.frozen
class Leased:
    """
    A message in hand.

    Attributes:
        deliveries: How often it has been handed out, this time included. It also fences: who lost
            the lease holds a lower number, and can neither remove nor return the message.
    """

    id: int
    deliveries: int
    document: str


class LeaseQueue:
    """
    Queues in the SQLite file at *path*.

    A message in hand stays in the file, unseen until its lease is over; so a consumer that was
    killed loses nothing. Leases are counted by the wall clock, which may be set: that can only
    bring a dead consumer's message back sooner or later, never hide one that nobody holds.

    Durable against the death of any process. What was added in the second before a power cut may
    be gone: the queue only rings, and whoever rings remembers.

    Attributes:
        lease_seconds: How long a message in hand is unseen, unless the lease is extended.
        delivery_limit: Deliveries after which a message that comes back is a dead letter.
        keep_dead_seconds: How long dead letters are kept.
    """

    def __init__(
        self,
        path: Path,
        *,
        lease_seconds: float = 60.0,
        delivery_limit: int = 20,
        keep_dead_seconds: float = 30 * 86_400.0,
    ) -> None:
        self.lease_seconds = lease_seconds
        self.delivery_limit = delivery_limit
        self._reap_at = 0.0
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Connections are used by one thread at a time, which is Kombu's rule, not SQLite's.
        self._connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare(keep_dead_seconds)
        except sqlite3.Error:
            self._connection.close()
            raise

    def _prepare(self, keep_dead_seconds: float) -> None:
        execute = self._connection.execute
        execute("PRAGMA journal_mode = WAL")
        # The bell may be lost in a power cut; flushing every message would cost a hundredfold.
        execute("PRAGMA synchronous = NORMAL")
        execute(f"PRAGMA journal_size_limit = {_KEPT_WAL_BYTES}")
        if not execute("SELECT 1 FROM sqlite_master WHERE name = 'dead_letter'").fetchone():
            # Every statement is idempotent, so two processes may do this at once.
            self._connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        long_ago = time.time() - keep_dead_seconds
        if execute("SELECT 1 FROM dead_letter WHERE died_at < ?", (long_ago,)).fetchone():
            execute("DELETE FROM dead_letter WHERE died_at < ?", (long_ago,))

    def add(self, messages: Sequence[tuple[str, str]]) -> None:
        """Add messages, each a queue and a document; all or none."""
        with self._writing():
            self._connection.executemany(
                "INSERT INTO message (queue, document) VALUES (?, ?)", messages
            )

    def take(self, queue: str) -> Leased | None:
        """Lease the oldest message of *queue* that nobody holds."""
        if time.monotonic() >= self._reap_at:
            self._return_expired()
            self._reap_at = time.monotonic() + min(_REAP_SECONDS, self.lease_seconds / 2)
        # Reading first spares idle consumers the lock that writers wait for.
        if not self.size(queue, at_most=1):
            return None
        rows = self._connection.execute(
            """
            UPDATE message SET leased_until = ?, deliveries = deliveries + 1
            WHERE id = (
                SELECT id FROM message WHERE queue = ? AND leased_until = 0 ORDER BY id LIMIT 1
            )
            RETURNING id, deliveries, document
            """,
            (time.time() + self.lease_seconds, queue),
        ).fetchall()
        return Leased(*rows[0]) if rows else None

    def extend(self, held: Sequence[tuple[int, int]]) -> None:
        """Renew the leases of messages, by id and deliveries, that still hold."""
        until = time.time() + self.lease_seconds
        with self._writing():
            self._connection.executemany(
                "UPDATE message SET leased_until = ? WHERE id = ? AND deliveries = ?",
                [(until, *each) for each in held],
            )

    def remove(self, id: int, deliveries: int) -> bool:
        """Forget a message in hand; False if the lease was lost."""
        return self._changed(
            "DELETE FROM message WHERE id = ? AND deliveries = ?", (id, deliveries)
        )

    def give_back(self, id: int, deliveries: int) -> str | None:
        """Return a message in hand to its old place in its queue; None if the lease was lost."""
        row = self._connection.execute(
            "UPDATE message SET leased_until = 0 WHERE id = ? AND deliveries = ? RETURNING queue",
            (id, deliveries),
        ).fetchall()
        return row[0][0] if row else None

    def bury(self, id: int, deliveries: int) -> bool:
        """Move a message in hand to the dead letters; False if the lease was lost."""
        with self._writing():
            held = self._connection.execute(
                "SELECT id FROM message WHERE id = ? AND deliveries = ?", (id, deliveries)
            ).fetchall()
            self._bury(held)
        return bool(held)

    def size(self, queue: str, *, at_most: int = -1) -> int:
        """Count the messages of *queue* that nobody holds."""
        row = self._connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM message WHERE queue = ? AND leased_until = 0"
            " LIMIT ?)",
            (queue, at_most),
        ).fetchone()
        return int(row[0])

    def count_dead(self, queue: str) -> int:
        """Count the dead letters of *queue*."""
        row = self._connection.execute(
            "SELECT count(*) FROM dead_letter WHERE queue = ?", (queue,)
        ).fetchone()
        return int(row[0])

    def purge(self, queue: str) -> int:
        """Forget the messages of *queue* that nobody holds, and return how many."""
        return self._connection.execute(
            "DELETE FROM message WHERE queue = ? AND leased_until = 0", (queue,)
        ).rowcount

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _return_expired(self) -> None:
        now = time.time()
        if not self._connection.execute(
            "SELECT 1 FROM message WHERE leased_until > 0 AND leased_until <= ? LIMIT 1", (now,)
        ).fetchone():
            return
        with self._writing():
            self._bury(
                self._connection.execute(
                    "SELECT id FROM message"
                    " WHERE leased_until > 0 AND leased_until <= ? AND deliveries >= ?",
                    (now, self.delivery_limit),
                ).fetchall()
            )
            self._connection.execute(
                "UPDATE message SET leased_until = 0 WHERE leased_until > 0 AND leased_until <= ?",
                (now,),
            )

    def _bury(self, ids: Sequence[tuple[int]]) -> None:
        self._connection.executemany(
            "INSERT INTO dead_letter (queue, died_at, deliveries, document)"
            " SELECT queue, ?, deliveries, document FROM message WHERE id = ?",
            [(time.time(), *each) for each in ids],
        )
        self._connection.executemany("DELETE FROM message WHERE id = ?", ids)

    def _changed(self, statement: str, parameters: Sequence[float]) -> bool:
        return self._connection.execute(statement, parameters).rowcount > 0

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
