"""
Brings a database's tables to the form that this version needs: numbered files of plain SQL.

Forward only. Each file runs once, in one transaction, and is remembered with its digest, so that
a file that was edited after it ran is noticed. Any number of processes may start this at once.
Names that only the database knows are a newer version's; they are left alone.
"""

import hashlib
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol

import attrs

from adapters.persistence.connection import Connection
from application.errors import PortFailure
from application.ports.unit_of_work import DatabaseUnavailable

_TABLE: Final = "schema_migrations"
_CREATE_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, applied_at TEXT NOT NULL
    )
"""


class MigrationEdited(PortFailure):
    """A file that has run was changed afterwards; its tables are not what the file says."""

    code = "migration-edited"


class MigrationFailed(PortFailure):
    """A file could not be run; nothing of it remains."""

    code = "migration-failed"


class MigratableDatabase(Protocol):
    """
    What a dialect brings for its migrations.

    Attributes:
        migrations: The folder with its files.
        find_table: A query with a row if there is a table `:name`.
    """

    migrations: Path
    find_table: str

    @abstractmethod
    def exclusive(self) -> AbstractContextManager[Connection]:
        """Open a transaction that all others of this kind wait for; an exception undoes it."""

    @abstractmethod
    def statements(self, script: str) -> Iterator[str]:
        """Split a file into statements that can run inside a transaction."""


@attrs.frozen
class Migration:
    """One numbered file."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hex digest of its text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def shipped_migrations(folder: Path) -> list[Migration]:
    """Return the files in *folder*, in their order."""
    return [
        Migration(path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("[0-9]*.sql"))
    ]


@attrs.frozen
class Migrations:
    """
    What a database has run and has yet to run.

    Attributes:
        shipped: The files in their order; those of the database's dialect if not given.
    """

    database: MigratableDatabase
    shipped: Sequence[Migration] = attrs.field()

    @shipped.default
    def _of_dialect(self) -> Sequence[Migration]:
        return shipped_migrations(self.database.migrations)

    def pending(self) -> list[str]:
        """
        Return the names of the files that have not run, or raise `MigrationEdited`.

        Changes nothing, so that it needs no right to.
        """
        with self.database.exclusive() as connection:
            if connection.row(self.database.find_table, name=_TABLE) is None:
                return [migration.name for migration in self.shipped]
            return [migration.name for migration in _pending(connection, self.shipped)]

    def run(self) -> list[str]:
        """
        Run what has not run, and return the names.

        Raises:
            MigrationEdited: Before anything is run.
            MigrationFailed: A file has an error; the files before it stay run.
        """
        applied = []
        for _ in self.shipped:
            # Asked again before each file: another process may have been quicker.
            with self.database.exclusive() as connection:
                connection.change(_CREATE_TABLE)
                left = _pending(connection, self.shipped)
                if not left:
                    break
                _run(self.database, connection, left[0])
            applied.append(left[0].name)
        return applied


def _pending(connection: Connection, migrations: Sequence[Migration]) -> list[Migration]:
    digests = {
        row[0]: row[1] for row in connection.rows("SELECT name, sha256 FROM schema_migrations")
    }
    for migration in migrations:
        if digests.get(migration.name, migration.sha256) != migration.sha256:
            raise MigrationEdited(
                f"migration {migration.name} was edited after it had run; "
                "restore the file and put the change into a new one"
            )
    return [migration for migration in migrations if migration.name not in digests]


def _run(database: MigratableDatabase, connection: Connection, migration: Migration) -> None:
    try:
        for statement in database.statements(migration.sql):
            connection.change(statement)
    except DatabaseUnavailable:
        raise
    except Exception as error:
        raise MigrationFailed(f"migration {migration.name} failed: {error}") from error
    connection.change(
        "INSERT INTO schema_migrations (name, sha256, applied_at) "
        "VALUES (:name, :sha256, clock_now())",
        name=migration.name,
        sha256=migration.sha256,
    )
