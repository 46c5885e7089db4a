# mypy: untyped-calls-exclude=kombu
"""Connections to the embedded queue or a broker: one attempt, time-outs, one kind of failure."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from kombu.connection import Connection
from kombu.exceptions import KombuError

from adapters.messaging import sqlite_transport
from adapters.messaging.refusals import advice_on, words_of
from application.ports.message_publisher import BrokerRefused, BrokerUnavailable

CONNECT_SECONDS = 5.0
_SOCKET_SECONDS = 10.0
_GOODBYE_SECONDS = 2.0
_AMQP = ("amqp", "amqps", "pyamqp")


def connection_to(
    url: str, transport_options: Mapping[str, Any] | None, *, heartbeat_seconds: float = 0
) -> Connection:
    """
    Return a connection that is not yet made; *transport_options* win over ours.

    With `amqps://` the broker's certificate has to be good for the name in the URL; an authority
    of one's own is named by the variable `SSL_CERT_FILE`.
    """
    options: dict[str, Any] = {}
    more: dict[str, Any] = {}
    scheme = url.partition("://")[0]
    if scheme in _AMQP:
        options = {"read_timeout": _SOCKET_SECONDS, "write_timeout": _SOCKET_SECONDS}
    elif scheme == sqlite_transport.SCHEME:
        sqlite_transport.register()
    elif scheme == "sqs":
        from adapters.messaging import sqs_transport  # noqa: PLC0415 (half a second, for few)

        sqs_transport.register()
    if scheme == "amqps":
        # Without a name to look for, any certificate would do; None stands for the URL's.
        more = {"ssl": {"server_hostname": None}}
    return Connection(
        url,
        connect_timeout=CONNECT_SECONDS,
        heartbeat=heartbeat_seconds,
        transport_options=options | dict(transport_options or {}),
        **more,
    )


def speaks_amqp(connection: Connection) -> bool:
    """Whether a broker stands at the other end, which confirms and takes heartbeats."""
    return bool(connection.transport.driver_type == "amqp")


def connect(connection: Connection) -> None:
    """Connect, trying once: whoever calls knows better when to try again."""
    connection.ensure_connection(max_retries=0, reraise_as_library_errors=False)
    # py-amqp's own read time-out only makes it look again.
    _let_wait(connection, _SOCKET_SECONDS)


def disconnect(connection: Connection) -> None:
    """Close a connection, whatever state it is in."""
    with suppress(*_failures_of(connection)):
        _let_wait(connection, _GOODBYE_SECONDS)
        connection.release()


@contextmanager
def telling_broker_failures(connection: Connection) -> Iterator[None]:
    """Raise `BrokerUnavailable` for whatever Kombu, the driver or the system reports."""
    try:
        yield
    except _failures_of(connection) as error:
        said = f"{connection.as_uri()}: {words_of(error)}"
        advice = advice_on(error)
        if advice is not None:
            raise BrokerRefused(f"{said}. {advice}") from error
        raise BrokerUnavailable(said) from error


def _let_wait(connection: Connection, seconds: float) -> None:
    """Bound every wait for the other end that has no bound of its own."""
    made = connection._connection  # noqa: SLF001 (the property would connect)
    sock = getattr(getattr(made, "transport", None), "sock", None)
    if sock is not None:
        sock.settimeout(seconds)


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
