"""The databases that the contract of `Database` is run over: add a class here for a new one."""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from adapters.persistence.migrations import Migrations
from adapters.persistence.sqlite import SqliteDatabase
from application.ports.unit_of_work import Database


class Place(Protocol):
    """Somewhere to remember things, empty at first, that any process may open."""

    def open(
        self, *, on_outbox: Callable[[], None] = lambda: None, busy_seconds: float = 10.0
    ) -> Database:
        """Return a way in that shares no connection with any other."""

    def check(self) -> None:
        """Fail if what is stored is damaged."""


class SqlitePlace(Place):
    """A file."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self._path = folder / "safelight.db"
        self._durable = durable
        Migrations(self.open()).run()

    def open(self, **settings: Any) -> SqliteDatabase:
        return SqliteDatabase(self._path, durable=self._durable, **settings)

    def check(self) -> None:
        with contextlib.closing(sqlite3.connect(self._path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


PLACES: dict[str, Callable[[Path], Place]] = {
    "sqlite": lambda folder: SqlitePlace(folder, durable=False),
    "sqlite-durable": lambda folder: SqlitePlace(folder, durable=True),
}
QUICK_PLACES = ["sqlite"]
"""Enough for promises that do not depend on how a commit reaches the disk."""


def in_memory(_: Path) -> SqliteDatabase:
    """Return a database that nobody else can open."""
    database = SqliteDatabase(":memory:")
    Migrations(database).run()
    return database


DATABASES: dict[str, Callable[[Path], Database]] = {
    "sqlite": lambda folder: PLACES["sqlite"](folder).open(),
    "sqlite-memory": in_memory,
}
"""For promises that one way in is enough to see."""
