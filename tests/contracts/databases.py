"""The databases that the contract of `Database` is run over: add a class here for a new one."""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from adapters.persistence.migrations import Migrations
from adapters.persistence.postgres import PostgresDatabase
from adapters.persistence.sqlite import SqliteDatabase
from application.ports.unit_of_work import Database
from tests.services.postgres import Postgres


class Place(Protocol):
    """Somewhere to remember things, empty at first, that any process may open."""

    def open(
        self, *, on_outbox: Callable[[], None] = lambda: None, busy_seconds: float = 10.0
    ) -> Database:
        """Return a way in that shares no connection with any other."""

    def check(self) -> None:
        """Fail if what is stored is damaged."""

    def leave(self) -> None:
        """Close every way in, and keep nothing."""


class SqlitePlace(Place):
    """A file."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self._path = folder / "safelight.db"
        self._durable = durable
        self._opened: list[SqliteDatabase] = []
        Migrations(self.open()).run()

    def open(self, **settings: Any) -> SqliteDatabase:
        self._opened.append(SqliteDatabase(self._path, durable=self._durable, **settings))
        return self._opened[-1]

    def check(self) -> None:
        with contextlib.closing(sqlite3.connect(self._path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []

    def leave(self) -> None:
        for database in self._opened:
            database.close()


class PostgresPlace(Place):
    """A database of its own on the server."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self.url = server.create_database()
        self._opened: list[PostgresDatabase] = []

    def open(self, **settings: Any) -> PostgresDatabase:
        self._opened.append(PostgresDatabase(self.url, **settings))
        return self._opened[-1]

    def check(self) -> None:
        """The server checks what is stored when it is read."""

    def leave(self) -> None:
        for database in self._opened:
            database.close()
        self._server.drop_database(self.url)


def a_file(request: pytest.FixtureRequest, *, durable: bool = False) -> Place:
    return SqlitePlace(request.getfixturevalue("tmp_path"), durable=durable)


def on_the_server(request: pytest.FixtureRequest) -> Place:
    return PostgresPlace(request.getfixturevalue("postgres"))


PLACES: dict[str, Callable[[pytest.FixtureRequest], Place]] = {
    "sqlite": a_file,
    "sqlite-durable": lambda request: a_file(request, durable=True),
    "postgres": on_the_server,
}
QUICK_PLACES = ["sqlite", "postgres"]
"""Enough for promises that do not depend on how a commit reaches the disk."""


class InMemory(Place):
    """A database that nobody else can open."""

    def __init__(self, _: pytest.FixtureRequest) -> None:
        self._database = SqliteDatabase(":memory:")
        Migrations(self._database).run()

    def open(self, **_: Any) -> SqliteDatabase:
        return self._database

    def check(self) -> None:
        assert self._database.connection().rows("PRAGMA foreign_key_check") == []

    def leave(self) -> None:
        self._database.close()


DATABASES: dict[str, Callable[[pytest.FixtureRequest], Place]] = {
    "sqlite": a_file,
    "sqlite-memory": InMemory,
    "postgres": on_the_server,
}
"""For promises that one way in is enough to see."""
