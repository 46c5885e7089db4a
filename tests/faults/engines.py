"""The two profiles under test: what a laptop runs, and what a company runs."""

import contextlib
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote

import attrs
import pytest

from tests.e2e.test_engines import s3
from tests.services.postgres import PrivatePostgres
from tests.services.rabbitmq import RabbitMQ
from tests.services.sqs import SqsServer

Settings = dict[str, str]


@attrs.frozen
class Engines:
    """
    Where a platform keeps things, and what may happen to that.

    Attributes:
        waiting: Returns how many messages lie in queues, in hand, or dead, of the data in a folder.
        servers: Servers that may be halted and started again.
    """

    settings: Settings
    waiting: Callable[[Path], int]
    servers: Mapping[str, PrivatePostgres | RabbitMQ] = attrs.field(factory=dict)

    def halt(self) -> None:
        """Kill every server."""
        for server in self.servers.values():
            server.halt()

    def start(self) -> None:
        """Start every server."""
        # In this thread: a server may end with the thread that started it.
        for server in self.servers.values():
            server.start()


def embedded(_: pytest.FixtureRequest) -> Engines:
    """SQLite, the queue in a file, a directory."""
    return Engines({}, _waiting_in_file)


def servers(request: pytest.FixtureRequest) -> Engines:
    """PostgreSQL, RabbitMQ, S3."""
    database, broker = on_postgres(request), on_rabbitmq(request)
    return Engines(
        database.settings | broker.settings | s3(request),
        broker.waiting,
        {**database.servers, **broker.servers},
    )


def on_postgres(request: pytest.FixtureRequest) -> Engines:
    """PostgreSQL, and otherwise what a laptop runs."""
    postgres: PrivatePostgres = request.getfixturevalue("mortal_postgres")
    url = postgres.create_database(empty=True)
    return attrs.evolve(
        embedded(request), settings={"DATABASE_URL": url}, servers={"database": postgres}
    )


def on_rabbitmq(request: pytest.FixtureRequest) -> Engines:
    """RabbitMQ, and otherwise what a laptop runs."""
    rabbitmq: RabbitMQ = request.getfixturevalue("mortal_rabbitmq")
    url = rabbitmq.create_host()
    host = unquote(url.rpartition("/")[2])

    def waiting(_: Path) -> int:
        listed = rabbitmq.control("list_queues", "-p", host, "messages", "--no-table-headers")
        return sum(map(int, listed.split()))

    return Engines({"BROKER_URL": url}, waiting, {"broker": rabbitmq})


def on_sqs(request: pytest.FixtureRequest) -> Engines:
    """SQS, and otherwise what a laptop runs."""
    server: SqsServer = request.getfixturevalue("sqs")
    urls = server.create_queues()
    # The test's server looks through all its messages for each that it gives: rings for what is
    # merely slow would only make it slower.
    settings = server.settings(urls) | {"RELAY_PATIENCE_SECONDS": "30"}
    return Engines(settings, lambda _: sum(server.count(url) for url in urls.values()))


def _waiting_in_file(folder: Path) -> int:
    path = folder / "queue.sqlite"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as queue:
        question = "select (select count(*) from message) + (select count(*) from dead_letter)"
        return int(queue.execute(question).fetchone()[0])
