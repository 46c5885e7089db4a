# mypy: untyped-calls-exclude=kombu
"""Connections to the embedded queue or a broker: one attempt, time-outs, one kind of failure."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from kombu.connection import Connection
from kombu.exceptions import KombuError

from adapters.messaging import sqlite_transport
from application.ports.message_publisher import BrokerUnavailable

CONNECT_SECONDS = 5.0
_SOCKET_SECONDS = 10
_AMQP = ("amqp", "amqps", "pyamqp")


def connection_to(
    url: str, transport_options: Mapping[str, Any] | None, *, heartbeat_seconds: float = 0
) -> Connection:
    """Return a connection that is not yet made; *transport_options* win over ours."""
    options: dict[str, Any] = {}
    scheme = url.partition("://")[0]
    if scheme in _AMQP:
        # Without confirms a publish returns before the broker has the message, or although it
        # never will.
        options = {
            "confirm_publish": True,
            "read_timeout": _SOCKET_SECONDS,
            "write_timeout": _SOCKET_SECONDS,
        }
    elif scheme == sqlite_transport.SCHEME:
        sqlite_transport.register()
    return Connection(
        url,
        connect_timeout=CONNECT_SECONDS,
        heartbeat=heartbeat_seconds,
        transport_options=options | dict(transport_options or {}),
    )


def connect(connection: Connection) -> None:
    """Connect, trying once: whoever calls knows better when to try again."""
    connection.ensure_connection(max_retries=0, reraise_as_library_errors=False)


def disconnect(connection: Connection) -> None:
    """Close a connection, whatever state it is in."""
    with suppress(*_failures_of(connection)):
        connection.release()


@contextmanager
def telling_broker_failures(connection: Connection) -> Iterator[None]:
    """Raise `BrokerUnavailable` for whatever Kombu, the driver or the system reports."""
    try:
        yield
    except _failures_of(connection) as error:
        raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error


def _failures_of(connection: Connection) -> tuple[type[BaseException], ...]:
    return (
        *connection.connection_errors,
        *connection.channel_errors,
        # Among these is the broker's refusal to take a message.
        *connection.recoverable_connection_errors,
        KombuError,
        OSError,
        sqlite3.Error,
    )
