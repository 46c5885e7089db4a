"""Databases to fill and to measure, and the CPU that they and this process have used."""

import sqlite3
import time
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import psycopg

from adapters.persistence.migrations import Migrations
from adapters.persistence.postgres import PostgresDatabase
from adapters.persistence.sqlite import SqliteDatabase
from tests.services.postgres import PrivatePostgres

Row = Sequence[Any]
AnyDatabase = SqliteDatabase | PostgresDatabase


class Filling(Protocol):
    """A database without its secondary indexes, for as long as it is filled."""

    @abstractmethod
    def add(self, table: str, columns: str, rows: Iterable[Row]) -> None:
        """Add *rows* of texts, numbers and None; *columns* are separated by commas."""

    @abstractmethod
    def close(self) -> None:
        """Make the indexes, and leave the database as one that has been running for a while."""


class Ground(Protocol):
    """An engine on which databases are made, measured, and forgotten."""

    name: str

    @abstractmethod
    def create(self) -> AnyDatabase:
        """Make an empty database with this version's tables."""

    @abstractmethod
    def filling(self, database: AnyDatabase) -> Filling:
        """Begin to fill *database*; nobody else uses it meanwhile."""

    @abstractmethod
    def tidy(self, database: AnyDatabase) -> None:
        """Do what the engine does by itself now and then, so that it is not done meanwhile."""

    @abstractmethod
    def forget(self) -> None:
        """Remove every database."""

    @abstractmethod
    def close(self) -> None:
        """Leave nothing behind."""

    def cpu_seconds(self) -> float:
        """Return what this process, and the server if there is one, have used so far."""
        return time.process_time()


class SqliteGround(Ground):
    """Files in a folder; as in production, every durable commit waits for the disk."""

    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._databases: list[SqliteDatabase] = []

    def create(self) -> SqliteDatabase:
        database = SqliteDatabase(self._folder / f"{len(self._databases)}.db")
        self._databases.append(database)
        Migrations(database).run()
        return database

    def filling(self, database: AnyDatabase) -> Filling:
        assert isinstance(database, SqliteDatabase)
        database.close()
        return _SqliteFilling(str(database.path))

    def tidy(self, database: AnyDatabase) -> None:
        """Nothing: what SQLite does, it does within a call."""

    def forget(self) -> None:
        for database in self._databases:
            database.close()
            for file in self._folder.glob(f"{Path(database.path).name}*"):
                file.unlink()
        self._databases.clear()

    def close(self) -> None:
        self.forget()


class _SqliteFilling(Filling):
    def __init__(self, path: str) -> None:
        self._raw = sqlite3.connect(path, isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -500000"):
            self._raw.execute(f"PRAGMA {setting}")
        self._indexes = self._raw.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in self._indexes:
            self._raw.execute(f"DROP INDEX {name}")
        self._raw.execute("BEGIN")

    def add(self, table: str, columns: str, rows: Iterable[Row]) -> None:
        places = ", ".join("?" * (columns.count(",") + 1))
        self._raw.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)

    def close(self) -> None:
        for _, sql in self._indexes:
            self._raw.execute(sql)
        self._raw.execute("COMMIT")
        self._raw.close()


class PostgresGround(Ground):
    """Databases on a server of our own, reached over loopback."""

    name = "PostgreSQL"

    def __init__(self) -> None:
        self._server = PrivatePostgres()
        self._databases: dict[str, PostgresDatabase] = {}
        self._used: dict[int, float] = {}

    def create(self) -> PostgresDatabase:
        url = self._server.create_database()
        database = self._databases[url] = PostgresDatabase(url, pool_size=1, statement_seconds=300)
        return database

    def filling(self, database: AnyDatabase) -> Filling:
        [url] = [url for url, one in self._databases.items() if one is database]
        return _PostgresFilling(url)

    def tidy(self, database: AnyDatabase) -> None:
        """Vacuum the outbox, as the server does by itself after a thousand messages."""
        assert isinstance(database, PostgresDatabase)
        with database.connection() as connection:
            connection.control(b"VACUUM outbox")

    def forget(self) -> None:
        for url, database in self._databases.items():
            database.close()
            self._server.drop_database(url)
        self._databases.clear()

    def close(self) -> None:
        self.forget()
        self._server.stop()

    def cpu_seconds(self) -> float:
        """Count every process of the server, to the nanosecond; what has ended stays counted."""
        for pid in self._server.pids():
            try:
                spent = Path(f"/proc/{pid}/schedstat").read_text().split()[0]
            except FileNotFoundError:
                continue
            self._used[pid] = int(spent) / 1e9
        return time.process_time() + sum(self._used.values())


class _PostgresFilling(Filling):
    def __init__(self, url: str) -> None:
        self._raw = psycopg.connect(url, autocommit=True, connect_timeout=10)
        self._raw.execute("SET session_replication_role = replica")  # foreign keys are in order
        self._raw.execute("SET maintenance_work_mem = '256MB'")
        self._indexes = self._raw.execute(
            """
            SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname
            NOT IN (SELECT conname FROM pg_constraint)
            """
        ).fetchall()
        for name, _ in self._indexes:
            self._raw.execute(f"DROP INDEX {name}".encode())

    def add(self, table: str, columns: str, rows: Iterable[Row]) -> None:
        text = "".join("\t".join(map(_copied, row)) + "\n" for row in rows)
        with self._raw.cursor().copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as copy:
            copy.write(text)

    def close(self) -> None:
        for _, sql in self._indexes:
            self._raw.execute(sql.encode())
        self._raw.execute("VACUUM (ANALYZE)")
        self._raw.execute("CHECKPOINT")
        self._raw.close()


def _copied(value: object) -> str:
    """Return *value*, which holds no tab, newline or backslash, as COPY reads it."""
    return r"\N" if value is None else str(value)
