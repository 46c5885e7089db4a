"""SQLite: connections, codecs, clock and locks; everything else is shared with other dialects."""

import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, Literal
from uuid import UUID
from weakref import WeakSet

import orjson

from adapters.persistence.connection import (
    Connection,
    Document,
    Row,
    TextArray,
    UniqueViolation,
)
from adapters.persistence.unit_of_work import SqlUnitOfWork
from application.ports.unit_of_work import Database, DatabaseUnavailable, UnitOfWork

_BUSY_SECONDS: Final = 10.0
_MIGRATIONS: Final = Path(__file__).parent / "migrations" / "sqlite"

# What SQLite says when the file, the disk or another process stands in the way. Everything else
# it may say is our mistake or a broken file, and asking again would not help.
_UNAVAILABLE: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
_PRIMARY_CODE: Final = 0xFF
"""The lower bits of a result code; the higher ones tell details (sqlite.org/rescode.html §3)."""
_UNIQUE_INDEX: Final = re.compile(r"UNIQUE constraint failed: (?:index ')?([^']+)")


class SqliteDatabase(Database):
    """
    One SQLite file in WAL mode; one writer at a time, readers wait for nobody.

    Durable commits reach the disk before they return (`synchronous=FULL`), because an answer given
    after a commit is a promise. Each thread has a connection of its own, opened when it first
    asks, and anew in a forked process. Times are kept to the millisecond.

    Args:
        path: The file, whose folder exists; or `":memory:"` for one that lives and dies with this
            object. In memory, readers take turns with writers, and a fork starts with nothing.
        on_outbox: Called after a commit that put something due into the outbox.
        busy_seconds: How long to wait for other writers before `DatabaseUnavailable`.
        durable: False only where a power cut may cost data, such as in tests.
    """

    migrations = _MIGRATIONS
    find_table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = :name"

    def __init__(
        self,
        path: Path | Literal[":memory:"],
        *,
        on_outbox: Callable[[], None] = lambda: None,
        busy_seconds: float = _BUSY_SECONDS,
        durable: bool = True,
    ) -> None:
        self.path = path
        self._on_outbox = on_outbox
        self._busy_seconds = busy_seconds
        self._durable = durable
        self._in_memory = path == ":memory:"
        # A connection must not cross a fork, not even to be closed (sqlite.org/howtocorrupt.html
        # §2.6): a child starts a list entry of its own and leaves its parent's alone.
        self._processes = [_Process(shared=self._in_memory)]

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[UnitOfWork]:
        with self._turn() as connection:
            connection.sync(durable=durable and self._durable)
            with connection.transaction("BEGIN IMMEDIATE"):
                yield SqlUnitOfWork(connection, connection.commit, self._on_outbox)

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        with self._snapshot() as connection:
            yield SqlUnitOfWork(connection, _refuse_commit, self._on_outbox)

    def ping(self) -> None:
        with self._snapshot() as connection:
            connection.rows("SELECT 1 FROM sqlite_schema LIMIT 1")

    @contextmanager
    def counting(self) -> Iterator[Connection]:
        """Open a transaction that no disk is waited for; kept unless an exception leaves it."""
        with self._turn() as connection:
            connection.sync(durable=False)
            with connection.transaction("BEGIN IMMEDIATE"):
                yield connection
                connection.commit()

    @contextmanager
    def exclusive(self) -> Iterator[Connection]:
        """Open a transaction for a migration; it is committed unless an exception leaves it."""
        with self._turn() as connection:
            connection.sync(durable=self._durable)
            with connection.transaction("BEGIN IMMEDIATE"):
                yield connection
                connection.commit()

    def statements(self, script: str) -> Iterator[str]:
        """Split *script*: `executescript` would commit the open transaction first."""
        statement = ""
        for line in script.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                yield statement
                statement = ""
        if statement.strip():
            yield statement

    def connection(self) -> "SqliteConnection":
        """Return the calling thread's connection, opened if need be, outside any transaction."""
        process = self._process()
        connection: SqliteConnection | None = getattr(process.mine, "connection", None)
        if connection is None:
            connection = process.mine.connection = SqliteConnection(self._open())
            process.connections.add(connection)
        return connection

    def close(self) -> None:
        """Close this process's connections; no transaction may be open in any thread."""
        for connection in list(self._process().connections):
            connection.raw.close()
        self._processes[-1] = _Process(shared=self._in_memory)

    def copy_to(self, path: Path) -> None:
        """
        Write what has been committed by now to a file of its own, in place of one that is there.

        Nobody has to wait for it. The file is whole or as it was, whatever happens meanwhile.

        Raises:
            DatabaseUnavailable: The disk did not take it.
        """
        part = path.with_name(path.name + ".part")
        try:
            for leftover in (part, path.with_name(path.name + "-wal")):
                leftover.unlink(missing_ok=True)
            self.connection().control(f"VACUUM INTO '{str(part).replace(chr(39), chr(39) * 2)}'")
            part.chmod(0o600)
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            raise DatabaseUnavailable(f"cannot write {path}: {error.strerror}") from error

    @contextmanager
    def _snapshot(self) -> Iterator["SqliteConnection"]:
        turn = self._turn() if self._in_memory else nullcontext(self.connection())
        with turn as connection, connection.transaction("BEGIN DEFERRED"):
            yield connection

    @contextmanager
    def _turn(self) -> Iterator["SqliteConnection"]:
        """
        Wait for the other threads' turn to write to be over.

        Between processes SQLite itself waits, but in naps of up to 100 ms; threads of one process
        wake each other at once.
        """
        turn = self._process().turn
        if not turn.acquire(timeout=self._busy_seconds):
            raise DatabaseUnavailable("other threads have kept the database for too long")
        try:
            yield self.connection()
        finally:
            turn.release()

    def _process(self) -> "_Process":
        process = self._processes[-1]
        if process.pid != os.getpid():
            process = _Process(shared=self._in_memory)
            self._processes.append(process)
        return process

    def _open(self) -> sqlite3.Connection:
        try:
            raw = sqlite3.connect(
                self.path,
                timeout=self._busy_seconds,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
            self._use_wal(raw)
            raw.execute("PRAGMA foreign_keys = ON")
        except sqlite3.OperationalError as error:
            if _is_unavailable(error):
                raise DatabaseUnavailable(f"cannot open {self.path}: {error}") from error
            raise
        return raw

    def _use_wal(self, raw: sqlite3.Connection) -> None:
        """Set the journal mode; while another process sets it too, SQLite refuses to wait."""
        give_up_at = time.monotonic() + self._busy_seconds
        while True:
            try:
                raw.execute("PRAGMA journal_mode = WAL").fetchall()
            except sqlite3.OperationalError as error:
                if not _is_unavailable(error) or time.monotonic() > give_up_at:
                    raise
                time.sleep(0.01)
            else:
                return


class _Process:
    """What belongs to one process."""

    def __init__(self, *, shared: bool) -> None:
        self.pid = os.getpid()
        self.turn = threading.Lock()
        self.mine = SimpleNamespace() if shared else threading.local()
        self.connections = WeakSet["SqliteConnection"]()


class SqliteConnection(Connection):
    """A connection to one SQLite file, used by one thread at a time."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw
        self._durable: bool | None = None

    def sync(self, *, durable: bool) -> None:
        """Say whether the commits that follow wait for the disk."""
        if durable is not self._durable:
            # In WAL mode neither can damage the file; a commit that waits carries along all
            # that were made before it (sqlite.org/pragma.html#pragma_synchronous).
            self.control(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._durable = durable

    @contextmanager
    def transaction(self, begin: str) -> Iterator[None]:
        """Open a transaction by *begin*; what has not been committed on leaving is undone."""
        self.control(begin)
        try:
            yield
        finally:
            if self.raw.in_transaction:
                self.control("ROLLBACK")

    def control(self, sql: str) -> None:
        """Run a statement about the transaction or the connection itself."""
        self._execute(sql, {})

    def commit(self) -> None:
        """Make the transaction durable."""
        self.control("COMMIT")

    def change(self, sql: str, /, **values: object) -> int:
        return self._execute(sql, values).rowcount

    def rows(self, sql: str, /, **values: object) -> list[Row]:
        cursor = self._execute(sql, values)
        try:
            return cursor.fetchall()
        except sqlite3.OperationalError as error:
            if _is_unavailable(error):
                raise DatabaseUnavailable(str(error)) from error
            raise

    def as_uuid(self, value: Any) -> UUID:
        return UUID(value)

    def as_time(self, value: Any) -> datetime:
        return datetime.fromisoformat(value)

    def as_document(self, value: Any) -> Any:
        return orjson.loads(value)

    def _execute(self, sql: str, values: dict[str, object]) -> sqlite3.Cursor:
        for name, value in values.items():
            encode = _ENCODERS.get(type(value))
            if encode is not None:
                values[name] = encode(value)
        try:
            return self.raw.execute(_IN_SQLITE[sql], values)
        except sqlite3.IntegrityError as error:
            match = _UNIQUE_INDEX.match(str(error))
            if match is None:
                raise
            raise UniqueViolation(match[1]) from error
        except sqlite3.OperationalError as error:
            if _is_unavailable(error):
                raise DatabaseUnavailable(str(error)) from error
            raise


class _InSqlite(dict[str, str]):
    """Statements in SQLite's words, each translated once each; our code has only so many."""

    def __missing__(self, sql: str) -> str:
        text = sql.replace("clock_now()", "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')")
        text = re.sub(
            r"clock_after\((:\w+)\)",
            r"strftime('%Y-%m-%dT%H:%M:%fZ', 'now', printf('%+.3f seconds', \1))",
            text,
        )
        # What it calls BINARY, and does unless it is told otherwise.
        text = text.replace(' COLLATE "C"', "")
        # A writing transaction has the whole file to itself.
        text = re.sub("FOR (UPDATE SKIP LOCKED|NO KEY UPDATE)", "", text)
        self[sql] = text
        return text


_IN_SQLITE: Final = _InSqlite()


def _is_unavailable(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode & _PRIMARY_CODE in _UNAVAILABLE


def _refuse_commit() -> None:
    raise RuntimeError("a transaction that only reads has nothing to commit")


def _time_text(moment: datetime) -> str:
    """Return *moment* at a fixed width, in milliseconds, so that texts compare as times do."""
    if moment.tzinfo is not UTC:
        if moment.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _json_text(value: Any) -> str:
    return orjson.dumps(value).decode()


_ENCODERS: Final[dict[type, Callable[[Any], object]]] = {
    UUID: str,
    datetime: _time_text,
    Document: _json_text,
    TextArray: _json_text,
}
