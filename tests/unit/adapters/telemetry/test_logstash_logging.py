"""A copy of the log for Logstash: whole, in order, and never in the way."""

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
import structlog

from adapters.telemetry.logstash_logging import LogstashForwarder
from adapters.telemetry.structured_logging import json_formatter
from tests.ports import free_port


class Logstash:
    """A TCP input with the codec json_lines, on a port of loopback."""

    def __init__(self, port: int = 0) -> None:
        self.events: list[dict[str, Any]] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._read, args=[connection], daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        try:
            with connection.makefile("rb") as lines:
                for line in lines:
                    if line.endswith(b"\n"):
                        self.events.append(json.loads(line))
        except OSError:
            pass

    def wait_for(self, count: int, seconds: float = 10.0) -> list[dict[str, Any]]:
        deadline = time.monotonic() + seconds
        while len(self.events) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.events

    def close(self) -> None:
        # Closing alone would not wake the thread that waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.shutdown(socket.SHUT_RDWR)
            connection.close()


@contextmanager
def forwarding(port: int, **options: Any) -> Iterator[tuple[logging.Logger, list[None]]]:
    """Yield a logger whose records go to *port*, and the drops so far."""
    dropped: list[None] = []
    forwarder = LogstashForwarder(
        "127.0.0.1", port, on_drop=lambda: dropped.append(None), **options
    )
    forwarder.setFormatter(
        json_formatter([structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level])
    )
    logger = logging.Logger("forwarded")
    logger.addHandler(forwarder)
    try:
        yield logger, dropped
    finally:
        forwarder.close()


def test_records_arrive_whole_in_order_with_their_context_and_traceback() -> None:
    with closing(Logstash()) as logstash, forwarding(logstash.port) as (logger, dropped):
        with structlog.contextvars.bound_contextvars(request_id="r-1"):
            logger.info("first")
            try:
                _ = 1 / 0
            except ZeroDivisionError:
                logger.exception("second")
        events = logstash.wait_for(2)

    assert [(event["event"], event["request_id"]) for event in events] == [
        ("first", "r-1"),
        ("second", "r-1"),
    ]
    assert "ZeroDivisionError" in events[1]["exception"]
    assert not dropped


def test_records_wait_for_a_logstash_that_is_away() -> None:
    port = free_port()
    with forwarding(port) as (logger, dropped):
        for number in range(20):
            logger.info("waiting %s", number)
        time.sleep(0.1)
        with closing(Logstash(port)) as logstash:
            events = logstash.wait_for(20)

    assert [event["event"] for event in events] == [f"waiting {number}" for number in range(20)]
    assert not dropped


def test_a_restart_of_logstash_loses_nothing_that_is_logged_afterwards() -> None:
    first = Logstash()
    with forwarding(first.port) as (logger, _):
        logger.info("before")
        first.wait_for(1)
        first.close()
        time.sleep(0.05)
        logger.info("after")
        with closing(Logstash(first.port)) as second:
            events = second.wait_for(1)

    assert [event["event"] for event in events] == ["after"]


@pytest.mark.parametrize("peer", ["closed", "stalled"])
def test_logging_never_waits_and_what_does_not_fit_is_dropped_and_counted(peer: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:  # accepts nobody, reads nothing
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        port = listener.getsockname()[1] if peer == "stalled" else free_port()
        with forwarding(port, capacity=50) as (logger, dropped):
            slowest = 0.0
            for _ in range(300):
                started = time.perf_counter()
                logger.info("x" * 100_000)
                slowest = max(slowest, time.perf_counter() - started)
            lost = len(dropped)
            started = time.perf_counter()
        closing_took = time.perf_counter() - started

    assert slowest < 0.25
    assert lost >= 200
    assert closing_took < 8
