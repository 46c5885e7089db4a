"""PostgreSQL: transactions, clock, locks and failures; everything else is shared with SQLite."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NoReturn
from uuid import UUID

import attrs
import psycopg
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction
from psycopg.errors import UniqueViolation as UniqueIndexViolation
from psycopg.pq import TransactionStatus

from adapters.persistence.connection import Connection, Row, UniqueViolation
from adapters.persistence.postgres_pool import BoundedConnection, Patience, Pool
from adapters.persistence.postgres_values import ADAPTERS, without_nul
from adapters.persistence.unit_of_work import SqlUnitOfWork
from application.ports.unit_of_work import (
    CommitUnknown,
    Database,
    DatabaseNotPermitted,
    DatabaseUnavailable,
    UnitOfWork,
)

_MIGRATIONS: Final = Path(__file__).parent / "migrations" / "postgres"

_MIGRATION_LOCK: Final = 7_236_833_194
"""Any number, the same in every version: the advisory lock of whoever migrates."""
_MIGRATION_SECONDS: Final = 120.0
"""How long a migration waits for another one, or for those who use a table."""

# What the server says when it, its disk or another transaction stands in the way. Everything else
# is our mistake (postgresql.org/docs/current/errcodes-appendix.html).
_UNAVAILABLE_CLASSES: Final = frozenset({"08", "40", "53", "57", "58"})
_UNAVAILABLE: Final = frozenset(
    {
        "25006",  # read_only_sql_transaction: the server is a standby now
        "25P03",  # idle_in_transaction_session_timeout
        "25P04",  # transaction_timeout
        "55P03",  # lock_not_available
    }
)


class PostgresDatabase(Database):
    """
    One database on a PostgreSQL server, 13 or newer.

    Threads and processes write side by side; who wants a row that another transaction changes
    waits for its end. A lost connection costs whoever uses it a `DatabaseUnavailable`, and is
    replaced. A commit whose answer is lost may have worked. Times are kept to the microsecond.

    Args:
        url: `postgresql://user:password@host:5432/name`, with any parameter of libpq.
        on_outbox: Called after a commit that put something due into the outbox.
        pool_size: Connections for each process at most; as many as it has threads is plenty.
        busy_seconds: How long to wait for other writers before `DatabaseUnavailable`.
        connection_seconds: How long to wait for a connection before `DatabaseUnavailable`; while
            the server refuses connections, nobody waits.
        statement_seconds: How long one statement may take before `DatabaseUnavailable`.

    Raises:
        WrongDatabaseURL: The address does not have that form.
    """

    migrations = _MIGRATIONS
    find_table = "SELECT 1 WHERE to_regclass(:name) IS NOT NULL"

    def __init__(
        self,
        url: str,
        *,
        on_outbox: Callable[[], None] = lambda: None,
        pool_size: int = 8,
        busy_seconds: float = 10.0,
        connection_seconds: float = 2.0,
        statement_seconds: float = 30.0,
    ) -> None:
        self._on_outbox = on_outbox
        patience = Patience(busy_seconds, connection_seconds, statement_seconds)
        self._pool = Pool(url, size=pool_size, patience=patience, adapters=ADAPTERS)

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[UnitOfWork]:
        begin = _BEGIN if durable else _BEGIN_HASTY
        with self.connection() as connection, connection.transaction(begin):
            yield SqlUnitOfWork(connection, connection.commit, self._on_outbox)

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """
        Let questions be asked, each of which sees what has been committed by then.

        A transaction around them would cost two round trips more than most of them have.
        """
        with self.connection() as connection:
            yield SqlUnitOfWork(_OnlyReading(connection.raw), _refuse_commit, self._on_outbox)

    def ping(self) -> None:
        with self.connection() as connection:
            connection.control(b"SELECT 1")

    @contextmanager
    def counting(self) -> Iterator[Connection]:
        """
        Let marks be made in unlogged tables, each of which is kept at once.

        A transaction that writes no log waits for no disk, and one around each would cost two
        round trips more.
        """
        with self.connection() as connection:
            yield connection

    @contextmanager
    def exclusive(self) -> Iterator[Connection]:
        """Open a transaction for a migration; it is committed unless an exception leaves it."""
        with self.connection() as connection:
            usual, connection.raw.answer_within = connection.raw.answer_within, None
            with connection.transaction(_BEGIN_MIGRATION):
                yield connection
                connection.commit()
            connection.raw.answer_within = usual

    def statements(self, script: str) -> Iterator[str]:
        """Leave *script* as it is: the server splits it itself."""
        yield script

    @contextmanager
    def connection(self) -> Iterator["PostgresConnection"]:
        """Lend a connection outside any transaction, where every statement commits itself."""
        with self._pool.lend() as raw:
            yield PostgresConnection(raw)

    def close(self) -> None:
        """Close this process's connections; no transaction may be open in any thread."""
        self._pool.close()


class PostgresConnection(Connection):
    """A connection to a PostgreSQL server, used by one thread at a time."""

    def __init__(self, raw: BoundedConnection) -> None:
        self.raw = raw
        self._cursor = raw.cursor()

    @contextmanager
    def transaction(self, begin: bytes) -> Iterator[None]:
        """Open a transaction by *begin*; what has not been committed on leaving is undone."""
        try:
            self.control(begin)
            yield
        finally:
            if self.raw.pgconn.transaction_status != TransactionStatus.IDLE:
                # A connection that is lost takes its transaction with it; a failure to say so
                # must not hide the one that brought us here.
                with suppress(psycopg.Error):
                    self.raw.execute(_ROLLBACK, prepare=False)

    def control(self, sql: bytes) -> None:
        """Run a statement about the transaction or the connection itself."""
        try:
            self._cursor.execute(sql, prepare=False)
        except psycopg.Error as error:
            self._raise(error)

    def commit(self) -> None:
        """Make the transaction durable."""
        if self.raw.pgconn.transaction_status == TransactionStatus.INERROR:
            # COMMIT would be answered by ROLLBACK, which is no error to the server.
            raise RuntimeError("a transaction that has failed cannot be committed")
        try:
            self.control(b"COMMIT")
        except DatabaseUnavailable as error:
            raise CommitUnknown(str(error)) from error

    def change(self, sql: str, /, **values: object) -> int:
        self._execute(_IN_POSTGRES[sql, bool(values)], values)
        return self._cursor.rowcount

    def rows(self, sql: str, /, **values: object) -> list[Row]:
        self._execute(_IN_POSTGRES[sql, bool(values)], values)
        return list(self._cursor.fetchall())

    def as_uuid(self, value: Any) -> UUID:
        return value  # type: ignore[no-any-return]  # psycopg has read it already

    def as_time(self, value: Any) -> datetime:
        return value  # type: ignore[no-any-return]  # as above; the session is in UTC

    def as_document(self, value: Any) -> Any:
        return value

    def _execute(self, statement: "_Statement", values: dict[str, object]) -> None:
        for name, value in values.items():
            if type(value) is str:
                values[name] = without_nul(value)
        try:
            # Without values it may be a whole script, which only text can carry.
            self._cursor.execute(statement.sql, values or None, binary=bool(values))
        except psycopg.Error as error:
            self._raise(error)

    def _raise(self, error: psycopg.Error) -> NoReturn:
        """Raise *error* in the port's words; what is our own mistake stays as it is."""
        if isinstance(error, UniqueIndexViolation):
            raise UniqueViolation(error.diag.constraint_name or "") from error
        if isinstance(error, InsufficientPrivilege):
            raise DatabaseNotPermitted(str(error).strip()) from error
        if isinstance(error, ReadOnlySqlTransaction):
            self.raw.close()  # the next connection may find the server that took over
        if _is_unavailable(error):
            raise DatabaseUnavailable(str(error).strip()) from error
        raise error


class _OnlyReading(PostgresConnection):
    """A connection whose statements commit themselves, and therefore must change nothing."""

    def _execute(self, statement: "_Statement", values: dict[str, object]) -> None:
        if not statement.only_reads:
            raise RuntimeError("whoever only reads can neither change nor lock a row")
        super()._execute(statement, values)


@attrs.frozen
class _Statement:
    """A statement in PostgreSQL's words."""

    sql: bytes
    only_reads: bool


class _InPostgres(dict[tuple[str, bool], _Statement]):
    """
    Statements in PostgreSQL's words, each translated once; our code has only so many.

    The key's second part is whether there are values, and thus names that stand for them.
    """

    def __missing__(self, key: tuple[str, bool]) -> _Statement:
        sql, has_values = key
        # The time of the statement, not of the transaction; and unlike clock_timestamp(), one
        # that an index can be asked for.
        text = sql.replace("clock_now()", "statement_timestamp()")
        text = re.sub(
            r"clock_after\((:\w+)\)",
            r"(statement_timestamp() + make_interval(secs => \1))",
            text,
        )
        if has_values:
            text = _PARAMETER.sub(r"%(\1)s", text.replace("%", "%%"))
        statement = _Statement(
            text.encode(), text.split(None, 1)[0] == "SELECT" and "FOR UPDATE" not in text
        )
        self[key] = statement
        return statement


_PARAMETER: Final = re.compile(r"(?<![:\w]):([a-z_]\w*)")
_IN_POSTGRES: Final = _InPostgres()

_BEGIN: Final = b"BEGIN"
_BEGIN_HASTY: Final = b"BEGIN; SET LOCAL synchronous_commit TO off"
_BEGIN_MIGRATION: Final = (
    f"BEGIN; SET LOCAL statement_timeout TO 0; "
    f"SET LOCAL lock_timeout TO {round(_MIGRATION_SECONDS * 1000)}; "
    f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"
).encode()
_ROLLBACK: Final = b"ROLLBACK"


def _is_unavailable(error: psycopg.Error) -> bool:
    code = error.sqlstate
    if code is None:  # nothing was heard from the server
        return isinstance(error, psycopg.OperationalError)
    return code[:2] in _UNAVAILABLE_CLASSES or code in _UNAVAILABLE


def _refuse_commit() -> None:
    raise RuntimeError("a transaction that only reads has nothing to commit")
