"""
Brings a database's tables to the form that this version needs: numbered files of plain SQL.

Forward only. Each file runs once, in one transaction, and is remembered with its digest, so that
a file that was edited after it ran is noticed. Any number of processes may start this at once.
"""

import hashlib
import sqlite3
from pathlib import Path

import attrs

from adapters.persistence.sqlite import SqliteConnection, SqliteDatabase
from application.errors import PortFailure

_FOLDER = Path(__file__).parent / "migrations" / "sqlite"


class MigrationEdited(PortFailure):
    """A file that has run was changed afterwards; its tables are not what the file says."""

    code = "migration-edited"


class MigrationFailed(PortFailure):
    """A file could not be run; nothing of it remains."""

    code = "migration-failed"


@attrs.frozen
class Migration:
    """One numbered file."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hex digest of its text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def shipped_migrations(folder: Path = _FOLDER) -> list[Migration]:
    """Return the files that ship, in their order."""
    return [
        Migration(path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("[0-9]*.sql"))
    ]


def pending(database: SqliteDatabase, migrations: list[Migration] | None = None) -> list[str]:
    """Return the names of the files that have not run, or raise `MigrationEdited`."""
    connection = database.connection()
    return [migration.name for migration in _pending(connection, migrations)]


def migrate(database: SqliteDatabase, migrations: list[Migration] | None = None) -> list[str]:
    """
    Run what has not run, and return the names.

    Raises:
        MigrationEdited: Before anything is run.
        MigrationFailed: A file has an error; the files before it stay run.
    """
    connection = database.connection()
    applied = []
    for migration in _pending(connection, migrations):
        connection.control("BEGIN IMMEDIATE")
        try:
            # Asked again under the lock: another process may have been quicker.
            if migration.name in _digests(connection):
                continue
            _run(connection.raw, migration)
            connection.commit()
            applied.append(migration.name)
        finally:
            if connection.raw.in_transaction:
                connection.control("ROLLBACK")
    return applied


def _pending(connection: SqliteConnection, migrations: list[Migration] | None) -> list[Migration]:
    connection.change(
        """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, applied_at TEXT NOT NULL
        )
        """
    )
    digests = _digests(connection)
    left = []
    for migration in shipped_migrations() if migrations is None else migrations:
        digest = digests.get(migration.name)
        if digest is None:
            left.append(migration)
        elif digest != migration.sha256:
            raise MigrationEdited(
                f"migration {migration.name} was edited after it had run; "
                "restore the file and put the change into a new one"
            )
    return left


def _digests(connection: SqliteConnection) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.rows("SELECT name, sha256 FROM schema_migrations")}


def _run(raw: sqlite3.Connection, migration: Migration) -> None:
    """Run the statements one by one: `executescript` would commit the open transaction first."""
    statement = ""
    try:
        for line in migration.sql.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                raw.execute(statement)
                statement = ""
        if statement.strip():
            raw.execute(statement)
        raw.execute(
            "INSERT INTO schema_migrations VALUES (?, ?, clock_now())",
            (migration.name, migration.sha256),
        )
    except sqlite3.Error as error:
        raise MigrationFailed(f"migration {migration.name} failed: {error}") from error
