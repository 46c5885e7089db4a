"""Malware is looked for by ClamAV's clamd, over a Unix socket or TCP (clamd(8), INSTREAM)."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, Self
from urllib.parse import urlsplit

import structlog

from adapters.outbound.deadline_socket import DeadlineSocket
from application.ports.malware_scanner import (
    MalwareScanner,
    ScannerMisconfigured,
    ScannerUnavailable,
)

_PIECE_BYTES: Final = 64 * 1024
_MAX_REPLY_BYTES: Final = 4096
_CONNECT_SECONDS: Final = 3.0
_FOUND: Final = re.compile("stream: (.+) FOUND")

_log = structlog.get_logger(__name__)


class ClamdScanner(MalwareScanner):
    """
    Asks a clamd; each file has a connection of its own, and one deadline for everything.

    Attributes:
        url: `clamd:///path/of/its/socket` or `clamd://host:port`.
        in_line: How many files there may be at once: each holds a thread, which is then missing
            elsewhere, and for long while clamd hangs. Further ones are sent away.
    """

    def __init__(self, url: str, *, total_seconds: float = 10.0, in_line: int = 12) -> None:
        self.url = url
        self._total_seconds = total_seconds
        self._line = threading.BoundedSemaphore(in_line)

    def scan(self, file: BinaryIO) -> str | None:
        """Send *file* in pieces; what clamd says before it has them all can only be a complaint."""
        file.seek(0)
        with self._clamd() as clamd:
            clamd.say(b"zINSTREAM\0")
            is_whole = _send(file, clamd)
            reply = clamd.reply()
        if reply == "stream: OK" and is_whole:
            return None
        if found := _FOUND.fullmatch(reply):
            _log.warning("malware found", malware=found[1])
            return found[1]
        if reply.startswith("INSTREAM size limit exceeded"):
            raise ScannerMisconfigured(f"{self.url} takes no files of that size")
        raise ScannerUnavailable(f"{self.url} answers {reply[:200]!r}")

    def version(self) -> str:
        """Return the versions of the program and of its signatures, and when those were made."""
        with self._clamd() as clamd:
            clamd.say(b"zVERSION\0")
            reply = clamd.reply()
        if not reply.startswith("ClamAV "):
            raise ScannerUnavailable(f"{self.url} is no clamd: it answers {reply[:200]!r}")
        return reply

    @contextmanager
    def _clamd(self) -> Iterator["_Connection"]:
        if not self._line.acquire(blocking=False):
            raise ScannerUnavailable("as many files as may be are being scanned already")
        try:
            with _Connection(self.url, time.monotonic() + self._total_seconds) as clamd:
                yield clamd
        finally:
            self._line.release()


class _Connection:
    """A connection to clamd that is over at its deadline; its troubles are the port's."""

    def __init__(self, url: str, deadline: float) -> None:
        self._url = url
        with self._troubles():
            self._socket = _connected(url, min(_CONNECT_SECONDS, deadline - time.monotonic()))
        self._bounded = DeadlineSocket(self._socket, deadline, _MAX_REPLY_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def say(self, words: bytes) -> bool:
        """Return whether clamd still listened; if not, its reply says why."""
        with self._troubles():
            try:
                self._bounded.sendall(words)
            except (BrokenPipeError, ConnectionResetError):
                return False
        return True

    def reply(self) -> str:
        """Return what clamd says, all of it."""
        reply, length = bytearray(_MAX_REPLY_BYTES), 0
        with self._troubles():
            while not reply[:length].endswith(b"\0"):
                count = self._bounded.receive_into(memoryview(reply)[length:])
                if count == 0:
                    raise ConnectionAbortedError("it hung up without an answer")
                length += count
        return reply[: length - 1].decode(errors="replace")

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ScannerUnavailable(f"{self._url}: {error}") from error


def _connected(url: str, seconds: float) -> socket.socket:
    parts = urlsplit(url)
    if parts.hostname is not None:
        connected = socket.create_connection((parts.hostname, parts.port or 0), timeout=seconds)
        # The last piece is small, and would wait until the one before has been acknowledged.
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connected.settimeout(seconds)
        connected.connect(parts.path)
    except OSError:
        connected.close()
        raise
    return connected


def _send(file: BinaryIO, clamd: _Connection) -> bool:
    """Send *file*, each piece behind its length; return whether clamd listened to its end."""
    while piece := file.read(_PIECE_BYTES):
        if not clamd.say(len(piece).to_bytes(4, "big") + piece):
            return False
    return clamd.say(bytes(4))
