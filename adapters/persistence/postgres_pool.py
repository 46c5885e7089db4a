"""Connections to a PostgreSQL server: how they are opened, bounded in time, kept and replaced."""

import logging
import os
import select
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Self, TypeVar

import attrs
import psycopg
from psycopg.abc import PQGen
from psycopg.adapt import AdaptersMap
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool, PoolTimeout

from application.errors import PortFailure
from application.ports.unit_of_work import DatabaseUnavailable

_T = TypeVar("_T")

# Whoever asked is told by an exception; without a log there is no second voice.
logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())

_SLICE_SECONDS: Final = 0.25
"""While the server refuses, nobody waits for longer than this."""
_SLACK_SECONDS: Final = 2.0
"""How much longer than the server we wait, which can say why it is late."""
_ABANDONED_SECONDS: Final = 60.0
"""After which the server undoes a transaction in which nothing happens any more."""

_SOCKET: Final = {
    "connect_timeout": "3",
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
    "client_encoding": "UTF8",
    "application_name": "safelight",
}
"""What an address may override (postgresql.org/docs/current/libpq-connect.html)."""


class WrongDatabaseURL(PortFailure):
    """The address does not have the form of a PostgreSQL database's."""

    code = "database-url-wrong"


@attrs.frozen
class Patience:
    """
    How long things may take, in seconds.

    Attributes:
        lock: Waiting for a row that another transaction changes.
        connection: Waiting for a connection to become free, or to be made.
        statement: Anything that is asked of the server.
    """

    lock: float
    connection: float
    statement: float


class BoundedConnection(psycopg.Connection[tuple[Any, ...]]):
    """
    A connection that gives up on a server that keeps it waiting, and is closed then.

    A server that is stopped, or a proxy that swallows what it is sent, acknowledges every packet:
    neither its own time-outs nor TCP's would ever end.

    Attributes:
        answer_within: Seconds from each question to its answer, or None to wait for ever.
    """

    answer_within: float | None = None

    @classmethod
    def connect(  # type: ignore[override]  # the pool hands on what it was given for us
        cls,
        conninfo: str,
        *,
        answer_within: float,
        on_try: Callable[[psycopg.OperationalError | None], None],
        adapters: AdaptersMap,
    ) -> Self:
        """Connect, and tell *on_try* why that failed, or None."""
        try:
            connection = super().connect(conninfo, autocommit=True, context=adapters)
        except psycopg.OperationalError as error:
            on_try(error)
            raise
        on_try(None)
        connection.answer_within = answer_within
        connection.prepared_max = 256
        return connection

    def wait(self, gen: PQGen[_T], interval: float = 0.1, timeout: float | None = None) -> _T:
        started = time.monotonic()
        limit = timeout or self.answer_within
        try:
            return super().wait(gen, interval, limit)
        except psycopg.OperationalError:
            if limit is not None and time.monotonic() - started >= limit:
                self.pgconn.finish()
            raise

    def has_been_hung_up(self) -> bool:
        """Whether the server has closed this idle connection, by a look at the socket alone."""
        if self.closed:
            return True
        watch = select.poll()
        watch.register(self.fileno(), select.POLLIN)
        return bool(watch.poll(0))


class Pool:
    """
    Up to *size* connections for each process, made when they are wanted and kept for the next.

    A connection that was lost is noticed before it is lent, and replaced; so a server that was
    restarted is found again by whoever asks next.
    """

    def __init__(self, url: str, *, size: int, patience: Patience, adapters: AdaptersMap) -> None:
        self._conninfo = _with_time_outs(url, patience)
        self._size = size
        self._patience = patience
        self._options = {
            "answer_within": patience.statement + _SLACK_SECONDS,
            "adapters": adapters,
        }
        self._starting = threading.Lock()
        # A child must neither use nor close what its parent has open: it starts an entry anew.
        self._processes: list[_Process] = []

    @contextmanager
    def lend(self) -> Iterator[BoundedConnection]:
        """
        Lend a connection outside any transaction, and take it back in whatever state it is.

        Raises:
            DatabaseUnavailable: There was none in time.
        """
        process = self._process()
        connection = self._take(process)
        try:
            yield connection
        finally:
            process.pool.putconn(connection)

    def close(self) -> None:
        """Close this process's connections; whoever asks afterwards gets a new one."""
        if self._processes and self._processes[-1].pid == os.getpid():
            self._processes.pop().pool.close()

    def _take(self, process: "_Process") -> BoundedConnection:
        give_up_at = time.monotonic() + self._patience.connection
        while (left := give_up_at - time.monotonic()) > 0:
            try:
                connection = process.pool.getconn(min(left, _SLICE_SECONDS))
            except PoolTimeout as error:
                if process.refusal is not None:
                    raise DatabaseUnavailable(str(process.refusal).strip()) from error
                continue
            if not connection.has_been_hung_up():
                return connection
            connection.close()
            process.pool.putconn(connection)  # which starts to make another
        raise DatabaseUnavailable(
            f"no connection was free within {self._patience.connection:g} s; "
            f"all {self._size} are in use or the server is slow to answer"
        )

    def _process(self) -> "_Process":
        if self._processes and self._processes[-1].pid == os.getpid():
            return self._processes[-1]
        with self._starting:
            if not self._processes or self._processes[-1].pid != os.getpid():
                self._processes.append(_Process(self._conninfo, self._size, self._options))
            return self._processes[-1]


class _Process:
    """
    What belongs to one process.

    Attributes:
        refusal: Why no connection could be made lately, or None.
    """

    def __init__(self, conninfo: str, size: int, options: Mapping[str, Any]) -> None:
        self.pid = os.getpid()
        self.refusal: psycopg.OperationalError | None = None
        self.pool = ConnectionPool(
            conninfo,
            connection_class=BoundedConnection,
            kwargs={**options, "on_try": self._remember},
            min_size=0,
            max_size=size,
            num_workers=2,
            open=True,
            timeout=_SLICE_SECONDS,  # unless whoever asks says otherwise
            # As short as can be: it would wait ever longer for a server that may be back already.
            # Whoever asks next starts another try.
            reconnect_timeout=0.5,
        )

    def _remember(self, refusal: psycopg.OperationalError | None) -> None:
        self.refusal = refusal


def _with_time_outs(url: str, patience: Patience) -> str:
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        # What libpq says of it may quote the password.
        raise WrongDatabaseURL(
            "the database's address must look like postgresql://user:password@host:5432/name"
        ) from error
    session = {
        "timezone": "UTC",
        "statement_timeout": round(patience.statement * 1000),
        "lock_timeout": round(patience.lock * 1000),
        "idle_in_transaction_session_timeout": round(_ABANDONED_SECONDS * 1000),
    }
    options = " ".join(f"-c {name}={value}" for name, value in session.items())
    # The last one said counts: an address may override these, too.
    options = f"{options} {given.pop('options', '')}".strip()
    return make_conninfo("", **{**_SOCKET, **given, "options": options})
