"""Bodies of announced length, straight from the socket."""

import io
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Short reads only clear away what is left of a body, within a time-out of their own.
_WAIT_ALL_BYTES: Final = 8 * 1024


class SocketBody(io.RawIOBase):
    """
    A WSGI input that leaves gathering a large piece to the kernel.

    gunicorn's own takes what has arrived, a little at a time, and copies each byte several times
    on its way; for a large picture that was a fifth of the API's CPU time.

    Attributes:
        unreader: gunicorn's; has what was read together with the head, and the socket, which is a
            plain one and has a receive time-out in the kernel.
        decline: Given if the client waits to be invited to send the body (`100 Continue`), which
            the first read does; closes the connection behind an answer without.
        failed: For gunicorn: where the next request would start is not known.
    """

    def __init__(self, unreader: Any, length: int, *, decline: Callable[[], None] | None) -> None:
        super().__init__()
        self._decline = decline
        self._unreader = unreader
        self._missing = length
        self.failed = False

    def decline(self) -> bool:
        """Leave the body with a client that waits to be invited; False if none waits."""
        if self._decline is None:
            return False
        self._decline()
        return True

    def abandon(self) -> None:
        """Leave what is still to come unread; the connection ends with the answer."""
        self.failed = True

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to *size* bytes; nothing only at the end, or once the client is gone."""
        if size is None or size < 0:
            return self.readall()
        wanted = min(size, self._missing)
        if not wanted:
            return b""
        data: bytes = self._unreader.take_buffered()
        if len(data) > wanted:
            self._unreader.unread(data[wanted:])
            data = data[:wanted]
        if not data:
            try:
                data = self._receive(wanted)
            except OSError:
                self.failed = True
                raise
        self._missing -= len(data)
        return data

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read into *buffer* and return how many bytes came."""
        room = memoryview(buffer).cast("B")
        data = self.read(len(room))
        room[: len(data)] = data
        return len(data)

    def _receive(self, wanted: int) -> bytes:
        connection: socket.socket = self._unreader.sock
        if self._decline is not None:
            self._decline = None
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if wanted <= _WAIT_ALL_BYTES:
            return connection.recv(wanted)
        # With a time-out of Python's the descriptor does not block, and the kernel would not wait.
        patience = connection.gettimeout()
        connection.settimeout(None)
        try:
            return connection.recv(wanted, socket.MSG_WAITALL)
        finally:
            connection.settimeout(patience)
