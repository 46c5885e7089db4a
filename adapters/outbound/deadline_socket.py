"""A socket that keeps to one deadline and one allowance of bytes, whatever its peer does."""

import io
import socket
import time
from typing import Any


class DeadlineSocket:
    """
    As much of a socket as `http.client` uses.

    A socket's own time-out begins anew with every byte, so that a peer who drips them holds on
    for ever; here every operation gets what is left until the deadline.

    Attributes:
        deadline: By the monotonic clock; may be drawn in.
    """

    def __init__(self, connected: socket.socket, deadline: float, max_bytes: int) -> None:
        self._socket = connected
        self._bytes_left = max_bytes
        self.deadline = deadline

    def sendall(self, content: bytes) -> None:
        """Send all of *content* before the deadline."""
        rest = memoryview(content)
        while rest:
            self._socket.settimeout(self._seconds_left())
            rest = rest[self._socket.send(rest) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return a reader of what the peer sends."""
        del mode  # http.client reads bytes and asks for nothing else
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Leave the socket open: whoever opened it closes it."""

    def receive_into(self, buffer: Any) -> int:
        """Receive some bytes, or break off once the allowance is used up."""
        if self._bytes_left <= 0:
            raise ConnectionAbortedError("the peer sent more than it may")
        self._socket.settimeout(self._seconds_left())
        count = self._socket.recv_into(memoryview(buffer)[: self._bytes_left])
        self._bytes_left -= count
        return count

    def _seconds_left(self) -> float:
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        return seconds


class _Reader(io.RawIOBase):
    def __init__(self, source: DeadlineSocket) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._source.receive_into(buffer)
