"""SQLite: connections, codecs and the clock; everything else is shared with other dialects."""

import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

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
_UNIQUE = re.compile(r"UNIQUE constraint failed: (?:index '(?P<index>\w+)'|(?P<columns>.+))")


class SqliteDatabase(Database):
    """
    One SQLite file in WAL mode; one writer at a time, readers wait for nobody.

    Commits reach the disk before they return (`synchronous=FULL`), because an answer given after
    a commit is a promise. Each thread has a connection of its own, opened when it first asks, and
    anew in a forked process.

    Args:
        path: The file; its folder exists.
        on_outbox: Called after a commit that put something due into the outbox.
        durable: False only where a power cut may cost data, such as in tests.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_outbox: Callable[[], None] = lambda: None,
        busy_seconds: float = _BUSY_SECONDS,
        durable: bool = True,
    ) -> None:
        self.path = path
        self._on_outbox = on_outbox
        self._busy_seconds = busy_seconds
        self._durable = durable
        self._mine = threading.local()

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        with self._transaction("BEGIN IMMEDIATE") as work:
            yield work

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        with self._transaction("BEGIN DEFERRED") as work:
            yield work

    def ping(self) -> None:
        self.connection().rows("SELECT 1")

    def connection(self) -> "SqliteConnection":
        """Return the calling thread's connection."""
        connection: SqliteConnection | None = getattr(self._mine, "connection", None)
        if connection is None or self._mine.pid != os.getpid():
            connection = SqliteConnection(self._open())
            self._mine.connection, self._mine.pid = connection, os.getpid()
        return connection

    def close(self) -> None:
        """Close the calling thread's connection; the others go with their threads."""
        connection: SqliteConnection | None = getattr(self._mine, "connection", None)
        if connection is not None:
            connection.raw.close()
            del self._mine.connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[UnitOfWork]:
        connection = self.connection()
        connection.control(begin)
        try:
            yield SqlUnitOfWork(connection, connection.commit, self._on_outbox)
        finally:
            if connection.raw.in_transaction:
                connection.control("ROLLBACK")

    def _open(self) -> sqlite3.Connection:
        try:
            raw = sqlite3.connect(
                self.path,
                timeout=self._busy_seconds,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
            raw.execute("PRAGMA journal_mode = WAL")
            raw.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'OFF'}")
            raw.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error as error:
            raise DatabaseUnavailable(f"cannot open {self.path}: {error}") from error
        raw.create_function("clock_now", 0, _clock_now)
        raw.create_function("clock_after", 1, _clock_after)
        return raw


class SqliteConnection(Connection):
    """A connection to one SQLite file, for one thread."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw

    def change(self, sql: str, /, **values: object) -> int:
        return self._execute(sql, values).rowcount

    def rows(self, sql: str, /, **values: object) -> list[Row]:
        try:
            return self._execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise DatabaseUnavailable(str(error)) from error

    def control(self, sql: str) -> None:
        """Begin or undo a transaction."""
        self._execute(sql, {})

    def commit(self) -> None:
        """Make the transaction durable, or undo it."""
        self._execute("COMMIT", {})

    def as_uuid(self, value: Any) -> UUID:
        return UUID(value)

    def as_time(self, value: Any) -> datetime:
        return datetime.fromisoformat(value)

    def as_document(self, value: Any) -> Any:
        return orjson.loads(value)

    def _execute(self, sql: str, values: dict[str, object]) -> sqlite3.Cursor:
        encoded = {name: _encoded(value) for name, value in values.items()}
        try:
            return self.raw.execute(sql, encoded)
        except sqlite3.IntegrityError as error:
            match = _UNIQUE.match(str(error))
            if match is None:
                raise
            raise UniqueViolation(match["index"] or match["columns"]) from error
        except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
            raise DatabaseUnavailable(str(error)) from error


def _encoded(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return _time_text(value)
    if isinstance(value, Document | TextArray):
        return orjson.dumps(value).decode()
    return value


def _time_text(moment: datetime) -> str:
    """Return *moment* at a fixed width, in milliseconds, so that texts compare as times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{moment.microsecond // 1000:03d}Z"
    )


def _clock_now() -> str:
    # The host's clock is the database's: SQLite runs inside whoever asks, on one machine.
    return _time_text(datetime.now(UTC))


def _clock_after(seconds: float) -> str:
    return _time_text(datetime.now(UTC) + timedelta(seconds=seconds))
