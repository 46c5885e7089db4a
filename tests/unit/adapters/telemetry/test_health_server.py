"""The small server by which a process is watched."""

import json
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection

import attrs
import pytest

from adapters.telemetry.health_server import HealthServer


@attrs.define
class Watched:
    alive: bool = True
    ready: bool = True
    port: int = 0

    def ask(self, path: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.fixture
def process() -> Iterator[Watched]:
    watched = Watched()
    server = HealthServer(
        "127.0.0.1:0",
        metrics=lambda: b"safelight_tasks_total 1\n",
        is_alive=lambda: watched.alive,
        missing=lambda: {} if watched.ready else {"broker": "broker-unavailable: gone"},
    )
    watched.port = server.port
    server.start()
    yield watched
    server.stop()


def test_a_healthy_process_says_so_and_shows_its_figures(process: Watched) -> None:
    assert process.ask("/healthz")[0] == 200
    assert process.ask("/readyz?verbose")[0] == 200
    assert process.ask("/metrics") == (200, b"safelight_tasks_total 1\n")
    assert process.ask("/")[0] == 404


def test_a_process_that_lacks_something_is_alive_and_not_ready(process: Watched) -> None:
    process.ready = False

    assert process.ask("/healthz")[0] == 200
    status, body = process.ask("/readyz")
    assert status == 503
    assert json.loads(body)["missing"] == {"broker": "broker-unavailable: gone"}


def test_a_process_that_stands_still_is_neither(process: Watched) -> None:
    process.alive = False

    assert process.ask("/healthz")[0] == 503
    assert process.ask("/readyz")[0] == 503


def test_a_silent_caller_keeps_nobody_from_being_answered(process: Watched) -> None:
    with socket.create_connection(("127.0.0.1", process.port)):
        started = time.monotonic()
        assert process.ask("/healthz")[0] == 200
        assert time.monotonic() - started < 2
