"""
Every socket has a time-out (ASVS 13.1.2), and nobody but the guarded client calls customers' URLs.

What opens a connection, or a pool or a server of them, is listed in `OPENERS` with the argument by
which it is told how long to wait; a call without it, and a library of which nobody has said that, fail.
Each place is listed in `PLACES` too, so that whoever opens a connection at a new one has to say there
whom it goes to: the list is the catalogue of what leaves, or enters, a process of ours.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Final

import attrs
import pytest

from tests.running import ROOT

PACKAGES: Final = ("domain", "application", "adapters", "entrypoints")


@attrs.frozen
class Opener:
    """
    Something that connects, or listens.

    Attributes:
        needs: Arguments that must be given, by name or at these positions.
    """

    needs: Mapping[str, int | None]


OPENERS: Final = {
    "socket.create_connection": Opener({"timeout": 1}),
    "smtplib.SMTP": Opener({"timeout": 3}),
    "smtplib.SMTP_SSL": Opener({"timeout": 5}),
    "sqlite3.connect": Opener({"timeout": 1}),
    "psycopg_pool.ConnectionPool": Opener({"timeout": None}),
    "kombu.connection.Connection": Opener({"connect_timeout": None}),
    "botocore.config.Config": Opener({"connect_timeout": None, "read_timeout": None}),
    "botocore.client.Config": Opener({"connect_timeout": None, "read_timeout": None}),
    "apprise.plugins.email.NotifyEmail": Opener({"cto": None, "rto": None}),
    "apprise.AppriseAsset": Opener({"service_timeout": None}),
    "urllib.request.urlopen": Opener({"timeout": 2}),
    # What these open waits as long as `PLACES` says.
    "socket.socket": Opener({}),
    "socket.socketpair": Opener({}),
    "socket.create_server": Opener({}),
    "http.client.HTTPConnection": Opener({}),
    "http.client.HTTPSConnection": Opener({"timeout": 1}),
    "urllib.request.build_opener": Opener({}),
    "http.server.ThreadingHTTPServer": Opener({}),
    "logstash.TCPLogstashHandler": Opener({}),
    "botocore.session.Session": Opener({}),
    "ssl.wrap_socket": Opener({}),
    "psycopg.Connection": Opener({}),
    "psycopg.connect": Opener({"connect_timeout": None}),
}

PLACES: Final = {
    # The database.
    ("adapters/persistence/sqlite.py", "sqlite3.connect"): "a file: waits for its lock",
    ("adapters/persistence/postgres_pool.py", "psycopg_pool.ConnectionPool"): "a free one",
    ("adapters/persistence/postgres_pool.py", "psycopg.Connection"):
        "connect_timeout of libpq, a limit to each answer in `BoundedConnection.wait`",
    # The broker.
    ("adapters/messaging/connection.py", "kombu.connection.Connection"): "AMQP, SQS, SQLite",
    ("adapters/messaging/sqs_transport.py", "botocore.client.Config"): "SQS: the long poll",
    ("adapters/messaging/lease_queue.py", "sqlite3.connect"): "a file: waits for its lock",
    ("adapters/messaging/unix_bell.py", "socket.socket"): "within this host; never blocks",
    ("adapters/messaging/kombu_inbox.py", "socket.socketpair"): "within the process: wakes it",
    ("adapters/messaging/sqs_transport.py", "socket.socketpair"): "within the process: wakes it",
    # The store.
    ("adapters/storage/s3_bucket.py", "botocore.config.Config"): "S3",
    ("adapters/storage/s3_bucket.py", "botocore.session.Session"): "S3, with the above",
    ("adapters/storage/checkup.py", "urllib.request.build_opener"): "S3; open(timeout=)",
    # The malware scanner.
    ("adapters/scanning/clamd.py", "socket.create_connection"): "clamd: the deadline",
    ("adapters/scanning/clamd.py", "socket.socket"): "clamd, within this host: the deadline",
    # Mail.
    ("adapters/notification/apprise_notifier.py", "apprise.plugins.email.NotifyEmail"): "SMTP",
    ("adapters/notification/apprise_notifier.py", "apprise.AppriseAsset"): "SMTP: the whole",
    ("adapters/notification/checkup.py", "smtplib.SMTP"): "SMTP",
    ("adapters/notification/checkup.py", "smtplib.SMTP_SSL"): "SMTP",
    # Customers' servers.
    ("adapters/outbound/guarded_client.py", "socket.create_connection"): "the deadline",
    ("adapters/outbound/guarded_client.py", "http.client.HTTPConnection"):
        "opens none: it is given a socket that keeps to the deadline",
    # Logs and figures.
    ("adapters/telemetry/logstash_logging.py", "socket.create_connection"): "Logstash",
    ("adapters/telemetry/logstash_logging.py", "logstash.TCPLogstashHandler"):
        "Logstash, by the above",
    ("adapters/telemetry/health_server.py", "http.server.ThreadingHTTPServer"):
        "listens; `timeout` of its handler",
    # Within a host: renderers, the process for passwords, and ports that are looked at.
    ("adapters/imaging/renderer_process.py", "socket.socketpair"): "settimeout for each order",
    ("adapters/imaging/renderer.py", "socket.socket"):
        "inherited: waits for its parent, whose end ends it",
    ("adapters/security/background_argon2.py", "socket.socketpair"): "settimeout for each question",
    ("adapters/security/password_process.py", "socket.socket"):
        "inherited: waits for its parent, whose end ends it",
    ("entrypoints/cli/supervisor.py", "socket.socket"): "listens, for gunicorn",
    ("entrypoints/checks.py", "socket.socket"): "binds and leaves",
    ("entrypoints/checks.py", "socket.create_connection"): "Logstash",
    ("entrypoints/cli/webhook_listener.py", "http.server.ThreadingHTTPServer"):
        "listens; `timeout` of its handler",
}  # fmt: skip
"""Where connections are opened, and what bounds the wait there."""

SPEAK: Final = {
    *("socket", "ssl", "http", "urllib", "smtplib", "ftplib", "imaplib", "poplib", "nntplib"),
    *("telnetlib", "xmlrpc", "socketserver", "asyncio", "sqlite3", "multiprocessing"),
    *("psycopg", "psycopg_pool", "kombu", "amqp", "vine", "boto3", "botocore", "apprise"),
    *("logstash", "requests", "urllib3", "httpx", "aiohttp", "authlib", "redis", "paramiko"),
    *("grpc", "websocket", "websockets", "pycurl", "dns"),
}
"""Packages that can open connections: those that we use have their openers above."""


ASYNC_OPENERS: Final = ("asyncio.open_connection", "asyncio.open_unix_connection")


@attrs.frozen
class Call:
    """A call of an opener, or a class that is one; *line* is where."""

    file: str
    line: int
    opener: str
    lacks: tuple[str, ...] = ()


def calls_in(source: str, file: str) -> Iterator[Call]:
    """Find every opener in *source*, under whatever name it was imported."""
    tree = ast.parse(source)
    names = _imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _name_of(node.func, names)) in OPENERS:
            yield Call(file, node.lineno, name, tuple(_lacking(node, OPENERS[name])))
        elif isinstance(node, ast.ClassDef):
            for base in node.bases:
                plain = base.value if isinstance(base, ast.Subscript) else base
                if (name := _name_of(plain, names)) in OPENERS:
                    yield Call(file, node.lineno, name)


def _imported(tree: ast.Module) -> dict[str, str]:
    """Return what each name of the module stands for."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                names[one.asname or one.name.partition(".")[0]] = (
                    one.name if one.asname else one.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for one in node.names:
                names[one.asname or one.name] = f"{node.module}.{one.name}"
    return names


def _name_of(node: ast.expr, names: Mapping[str, str]) -> str:
    """Return the dotted name that *node* stands for, or nothing."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute) and (owner := _name_of(node.value, names)):
        return f"{owner}.{node.attr}"
    return ""


def _lacking(call: ast.Call, opener: Opener) -> Iterator[str]:
    given = {one.arg: one.value for one in call.keywords}
    for name, position in opener.needs.items():
        value = given.get(name)
        if value is None and position is not None and len(call.args) > position:
            value = call.args[position]
        if value is None or (isinstance(value, ast.Constant) and value.value is None):
            yield name


def every_call() -> list[Call]:
    return [
        call
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for call in calls_in(path.read_text("utf-8"), str(path.relative_to(ROOT)))
    ]


def test_whatever_opens_a_connection_says_how_long_it_waits() -> None:
    lacking = [call for call in every_call() if call.lacks]

    assert lacking == []


def test_every_place_that_opens_one_is_known_and_says_what_bounds_it() -> None:
    assert {(call.file, call.opener) for call in every_call()} == PLACES.keys()


def test_no_other_library_opens_any() -> None:
    """A client of a library that nobody has listed would be unseen above."""
    allowed = {name.partition(".")[0] for name in OPENERS} | {"asyncio", "urllib", "http", "ssl"}

    imported = {
        (str(path.relative_to(ROOT)), top)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for name in _imported(ast.parse(path.read_text("utf-8"))).values()
        if (top := name.partition(".")[0]) in SPEAK
    }

    unlisted = {(file, top) for file, top in imported if top not in allowed}
    assert unlisted == {
        ("adapters/messaging/rabbitmq_dead_letters.py", "amqp"),  # a message
        ("adapters/identity/oidc_provider.py", "authlib"),  # speaks through the guarded client
        ("adapters/identity/id_tokens.py", "authlib"),  # claims
    }


def test_asyncio_connects_within_a_time_out() -> None:
    """Its functions have no such argument: the block around each is what bounds it."""
    unbounded = [
        (str(path.relative_to(ROOT)), line)
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for line in _unbounded(path.read_text("utf-8"))
    ]

    assert unbounded == []
    planted = "import asyncio\nasync def f():\n    await asyncio.open_connection('a', 1)"
    assert list(_unbounded(planted)) == [3]


def _unbounded(source: str) -> Iterator[int]:
    tree = ast.parse(source)
    names = _imported(tree)
    bounded = {
        id(inner)
        for block in ast.walk(tree)
        if isinstance(block, ast.AsyncWith)
        for item in block.items
        if isinstance(item.context_expr, ast.Call)
        and _name_of(item.context_expr.func, names) in ("asyncio.timeout", "asyncio.timeout_at")
        for inner in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name_of(node.func, names) in ASYNC_OPENERS:
            if id(node) not in bounded:
                yield node.lineno


@pytest.mark.parametrize(
    ("source", "lacks"),
    [
        ("import socket\nsocket.create_connection(('a', 1))", ("timeout",)),
        ("import socket as s\ns.create_connection(('a', 1), timeout=None)", ("timeout",)),
        ("from socket import create_connection as c\nc(('a', 1), 5)", ()),
        ("from urllib.request import urlopen\nurlopen('http://a')", ("timeout",)),
        ("import urllib.request\nurllib.request.urlopen('http://a', timeout=3)", ()),
        ("import smtplib\nsmtplib.SMTP('a', 25)", ("timeout",)),
        ("from botocore.config import Config\nConfig(read_timeout=3)", ("connect_timeout",)),
        ("from psycopg_pool import ConnectionPool\nclass P(ConnectionPool): ...", ()),
    ],
)
def test_a_breach_is_noticed(source: str, lacks: tuple[str, ...]) -> None:
    [call] = calls_in(source, "planted.py")

    assert call.lacks == lacks
