"""
A copy of the log for Logstash, over TCP, that can never hold up the process that logs.

The caller turns a record into bytes (its traceback and its request id are known nowhere else)
and puts them into a bounded queue; a thread of its own connects, sends and waits. What no longer
fits is dropped and counted: the log on the standard output is the one that counts.
"""

import logging
import logging.handlers
import queue
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from logstash import TCPLogstashHandler

_SOCKET_SECONDS = 5.0


class LogstashForwarder(logging.handlers.QueueHandler):
    """
    Queues records and sends them from a thread of its own.

    Attributes:
        on_drop: Called once for each record that is thrown away.
        capacity: How many records wait while Logstash is away.
    """

    def __init__(
        self, host: str, port: int, *, on_drop: Callable[[], None], capacity: int = 10_000
    ) -> None:
        waiting: queue.Queue[logging.LogRecord] = queue.Queue(capacity)
        super().__init__(waiting)
        self._on_drop = on_drop
        self._sender = _PatientSender(host, port)
        self._listener = logging.handlers.QueueListener(waiting, self._sender)
        self._waiting = waiting
        self._listener.start()

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return a record whose message is the finished line."""
        line = self.format(record)
        return logging.makeLogRecord({"name": record.name, "levelno": record.levelno, "msg": line})

    def enqueue(self, record: logging.LogRecord) -> None:
        """Queue without waiting."""
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self._on_drop()

    def close(self) -> None:
        """Send what can be sent within a second, and stop."""
        deadline = time.monotonic() + 1.0
        while not self._waiting.empty() and time.monotonic() < deadline:
            time.sleep(0.02)
        self._sender.give_up()
        # Without room for the mark that ends the thread, it ends as a daemon does.
        with suppress(queue.Full):
            self._listener.stop()
        self._sender.close()
        super().close()


class _PatientSender(TCPLogstashHandler):  # type: ignore[misc]  # the library has no types
    """Sends lines; keeps trying with the one in hand while Logstash is away or silent."""

    sock: socket.socket | None

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.retryMax = 5.0
        self._over = threading.Event()
        self.formatter = _Line()

    def makeSocket(self, timeout: float = _SOCKET_SECONDS) -> socket.socket:  # noqa: N802
        """Connect, with a time-out for every step."""
        return socket.create_connection((self.host, self.port), timeout)

    def send(self, line: bytes) -> None:
        """Send the whole of *line* over one connection, however long that takes."""
        while not self._over.is_set():
            if self.sock is not None and _peer_has_left(self.sock):
                self.sock.close()
                self.sock = None
            super().send(line)
            if self.sock is not None:
                return
            self._over.wait(max(0.05, (self.retryTime or 0) - time.time()))

    def give_up(self) -> None:
        """Stop waiting for Logstash, in the midst of a line too."""
        self._over.set()
        if (sock := self.sock) is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> bytes:  # type: ignore[override]
        # python-logstash sends what this returns, and adds the line feed.
        return str(record.msg).encode()


def _peer_has_left(connection: socket.socket) -> bool:
    # Writing to a connection that the peer has closed succeeds once, and loses the line.
    news = select.poll()
    news.register(connection, select.POLLIN)
    try:
        return bool(news.poll(0)) and connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True
