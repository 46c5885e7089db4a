"""Looks whether a database is as this version needs it; changes nothing."""

import time
from collections.abc import Iterator

from adapters.persistence.migrations import Migrations
from adapters.persistence.postgres import PostgresConnection, PostgresDatabase
from adapters.persistence.sqlite import SqliteDatabase
from application.checkup import Finding, doubtful, fine, wrong

_LOWEST_POSTGRES = 13
_CLOCKS_APART_SECONDS = 2.0
_WAYS = ("SELECT", "INSERT", "UPDATE", "DELETE")


def check_sqlite(database: SqliteDatabase) -> Iterator[Finding]:
    """Look at an SQLite file, which is there."""
    database.ping()
    yield fine(f"SQLite file {database.path}")
    yield from _schema(Migrations(database))


def check_postgres(database: PostgresDatabase, *, connections: int) -> Iterator[Finding]:
    """
    Look at a PostgreSQL database: server, clock, rights and tables.

    Args:
        connections: How many the processes together may want.
    """
    with database.connection() as connection:
        yield from _server(connection)
        yield _clock(connection)
        yield _room(connection, connections)
        yield from _rights(connection)
        may_create = _may_create(connection)
    for finding in _schema(Migrations(database)):
        yield finding
        if finding.remedy and not may_create:
            yield wrong(
                "the role may not make tables, which `safelight migrate` has to",
                "GRANT CREATE ON SCHEMA public, or migrate as another role",
            )


def _schema(migrations: Migrations) -> Iterator[Finding]:
    missing = migrations.pending()
    if missing:
        yield wrong(f"the tables lack {', '.join(missing)}", "run `safelight migrate`")
    else:
        yield fine("its tables are this version's")


def _server(connection: PostgresConnection) -> Iterator[Finding]:
    [row] = connection.rows(
        """
        SELECT current_setting('server_version'), current_setting('server_version_num')::integer,
               current_database(), current_user, pg_is_in_recovery(),
               current_setting('server_encoding')
        """
    )
    version, number, name, role, only_reads, encoding = row
    said = f"PostgreSQL {version}, database {name}, role {role}"
    if int(number) < _LOWEST_POSTGRES * 10_000:
        yield wrong(said, f"upgrade the server to {_LOWEST_POSTGRES} or newer")
    elif only_reads:
        yield wrong(
            f"{said}: a standby, which only reads", "name the primary in SAFELIGHT_DATABASE_URL"
        )
    elif encoding != "UTF8":
        yield wrong(
            f"{said}: its encoding is {encoding}", f"CREATE DATABASE {name} ENCODING 'UTF8'"
        )
    else:
        yield fine(said)


def _clock(connection: PostgresConnection) -> Finding:
    asked = time.time()
    [[theirs]] = connection.rows("SELECT extract(epoch FROM clock_timestamp())::double precision")
    ours = (asked + time.time()) / 2
    apart = abs(ours - float(theirs))
    if apart > _CLOCKS_APART_SECONDS:
        return doubtful(
            f"its clock and ours are {apart:.0f} s apart", "let NTP set the clocks of both machines"
        )
    return fine("its clock and ours agree")


def _room(connection: PostgresConnection, wanted: int) -> Finding:
    [[most]] = connection.rows(
        """
        SELECT current_setting('max_connections')::integer
             - current_setting('superuser_reserved_connections')::integer
        """
    )
    if wanted > int(most):
        return doubtful(
            f"the processes may want {wanted} connections, and it gives {most} at most",
            "lower SAFELIGHT_DATABASE_POOL_SIZE, or raise its max_connections",
        )
    return fine(f"it gives {most} connections; one of each process may want {wanted}")


def _rights(connection: PostgresConnection) -> Iterator[Finding]:
    lacking = [
        f"{way} on {row[0]}"
        for way in _WAYS
        for row in connection.rows(
            f"""
            SELECT relname FROM pg_class
            WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
              AND relname <> 'schema_migrations'
              AND NOT has_table_privilege(oid, '{way}')
            ORDER BY relname
            """
        )
    ]
    if lacking:
        yield wrong(
            f"the role lacks {len(lacking)} rights, among them {lacking[0]}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public",
        )


def _may_create(connection: PostgresConnection) -> bool:
    [[may]] = connection.rows(
        "SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)"
    )
    return bool(may)
