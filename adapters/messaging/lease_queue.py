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
        document TEXT NOT NULL,
        rejected INTEGER NOT NULL DEFAULT 1
    ) STRICT;
    CREATE INDEX IF NOT EXISTS dead_letter_by_queue ON dead_letter (queue, id);
"""
_SCHEMA_VERSION = 1
_ADD = "INSERT INTO message (queue, document) VALUES (?, ?)"
_FREE = "FROM message WHERE queue = ? AND leased_until = 0"


def _oldest_of(queues: int) -> str:
    """Name the oldest message of the first queue that has one; one step into an index for each."""
    oldest = [f"(SELECT id {_FREE} ORDER BY id LIMIT 1)"] * queues
    return oldest[0] if queues == 1 else f"coalesce({', '.join(oldest)})"


_ANY_OF = {
    queues: "SELECT " + " OR ".join([f"EXISTS (SELECT 1 {_FREE})"] * queues) for queues in (1, 2)
}
"""Whether any of so many queues has a message that nobody holds."""

_TAKE_OF = {
    queues: "UPDATE message SET leased_until = ?, deliveries = deliveries + 1"  # noqa: S608  # a number of marks
    f" WHERE id = {_oldest_of(queues)} RETURNING id, deliveries, queue, document"
    for queues in (1, 2)
}
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
    queue: str
    document: str


@attrs.frozen
class Dead:
    """
    A dead letter.

    Attributes:
        died_at: Seconds since the epoch.
        rejected: Whether somebody said so; else it was delivered too often.
    """

    id: int
    died_at: float
    deliveries: int
    document: str
    rejected: bool


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
        if self._schema_version() < _SCHEMA_VERSION:
            self._bring_up_to_date()
        long_ago = time.time() - keep_dead_seconds
        if execute("SELECT 1 FROM dead_letter WHERE died_at < ?", (long_ago,)).fetchone():
            execute("DELETE FROM dead_letter WHERE died_at < ?", (long_ago,))

    def _schema_version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _bring_up_to_date(self) -> None:
        with self._writing():
            if self._schema_version() == _SCHEMA_VERSION:
                return  # another process was faster
            old = self._connection.execute("PRAGMA table_info(dead_letter)").fetchall()
            for statement in _SCHEMA.split(";"):
                self._connection.execute(statement)
            if old:
                self._connection.execute(
                    "ALTER TABLE dead_letter ADD COLUMN rejected INTEGER NOT NULL DEFAULT 1"
                )
            self._connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")

    def add(self, messages: Sequence[tuple[str, str]]) -> None:
        """Add messages, each a queue and a document; all or none."""
        with self._writing():
            self._connection.executemany(_ADD, messages)

    def take(self, *queues: str) -> Leased | None:
        """Lease the oldest message that nobody holds of the first of *queues* that has one."""
        if time.monotonic() >= self._reap_at:
            self._return_expired()
            self._reap_at = time.monotonic() + min(_REAP_SECONDS, self.lease_seconds / 2)
        # Reading first spares idle consumers the lock that writers wait for.
        if not self._connection.execute(_ANY_OF[len(queues)], queues).fetchone()[0]:
            return None
        rows = self._connection.execute(
            _TAKE_OF[len(queues)], (time.time() + self.lease_seconds, *queues)
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
            self._bury(held, rejected=True)
        return bool(held)

    def size(self, queue: str) -> int:
        """Count the messages of *queue* that nobody holds."""
        row = self._connection.execute(
            "SELECT count(*) FROM message WHERE queue = ? AND leased_until = 0", (queue,)
        ).fetchone()
        return int(row[0])

    def count_dead(self, queue: str) -> int:
        """Count the dead letters of *queue*."""
        row = self._connection.execute(
            "SELECT count(*) FROM dead_letter WHERE queue = ?", (queue,)
        ).fetchone()
        return int(row[0])

    def list_dead(self, queue: str, limit: int) -> list[Dead]:
        """Return dead letters of *queue*, oldest first."""
        rows = self._connection.execute(
            "SELECT id, died_at, deliveries, document, rejected FROM dead_letter"
            " WHERE queue = ? ORDER BY id LIMIT ?",
            (queue, limit),
        )
        return [Dead(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows]

    def raise_dead(self, queue: str, ids: Sequence[int]) -> int:
        """Put dead letters back into *queue* as if they were new, and return how many."""
        raised = 0
        with self._writing():
            for letter_id in ids:
                rows = self._connection.execute(
                    "DELETE FROM dead_letter WHERE queue = ? AND id = ? RETURNING queue, document",
                    (queue, letter_id),
                ).fetchall()
                self._connection.executemany(_ADD, rows)
                raised += len(rows)
        return raised

    def drop_dead(self, queue: str, ids: Sequence[int]) -> int:
        """Forget dead letters of *queue*, and return how many."""
        with self._writing():
            return self._connection.executemany(
                "DELETE FROM dead_letter WHERE queue = ? AND id = ?",
                [(queue, each) for each in ids],
            ).rowcount

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
                ).fetchall(),
                rejected=False,
            )
            self._connection.execute(
                "UPDATE message SET leased_until = 0 WHERE leased_until > 0 AND leased_until <= ?",
                (now,),
            )

    def _bury(self, ids: Sequence[tuple[int]], *, rejected: bool) -> None:
        self._connection.executemany(
            "INSERT INTO dead_letter (queue, died_at, deliveries, document, rejected)"
            " SELECT queue, ?, deliveries, document, ? FROM message WHERE id = ?",
            [(time.time(), rejected, *each) for each in ids],
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
