# ruff: noqa: PLC0415  # so that a process loads what it uses and nothing else
"""Databases."""

from pathlib import Path
from typing import TYPE_CHECKING

from application.ports.outbox_bell import OutboxBell
from application.ports.rate_limiter import RateLimiter
from entrypoints.mistakes import OperatorMistake
from entrypoints.settings import Settings

if TYPE_CHECKING:
    from adapters.persistence.migrations import Migrations
    from adapters.persistence.postgres import PostgresDatabase
    from adapters.persistence.sqlite import SqliteDatabase


def database(settings: Settings, bell: OutboxBell) -> "SqliteDatabase | PostgresDatabase":
    if settings.postgres_url is None:
        from adapters.persistence.sqlite import SqliteDatabase

        return SqliteDatabase(settings.database_file, on_outbox=bell.ring)
    from adapters.persistence.postgres import PostgresDatabase
    from adapters.persistence.postgres_pool import WrongDatabaseURL

    try:
        return PostgresDatabase(
            settings.postgres_url, on_outbox=bell.ring, pool_size=settings.database.pool_size
        )
    except WrongDatabaseURL as error:
        raise OperatorMistake(f"SAFELIGHT_DATABASE_URL: {error}") from error


def copy_database(database: "SqliteDatabase | PostgresDatabase", path: Path) -> None:
    """Write a copy of an SQLite database to *path*."""
    from adapters.persistence.sqlite import SqliteDatabase

    assert isinstance(database, SqliteDatabase)  # the command has told others to use pg_dump
    database.copy_to(path)


def rate_limiter(database: "SqliteDatabase | PostgresDatabase") -> RateLimiter:
    from adapters.persistence.rate_limiter import DatabaseRateLimiter

    return DatabaseRateLimiter(database)


def migrations(database: "SqliteDatabase | PostgresDatabase") -> "Migrations":
    """Return what brings the tables to this version."""
    from adapters.persistence.migrations import Migrations

    return Migrations(database)
