"""Bells between processes of one machine."""

import os
import secrets
import select
import socket
from contextlib import suppress
from pathlib import Path
from typing import Self

from application.ports.outbox_bell import OutboxBell

_LONGEST_DIRECTORY = 107 - 32
"""Bytes that fit into `sun_path` beside the closing zero (unix(7)), less room for a name."""

_SUFFIX = ".bell"


class UnixBell(OutboxBell):
    """
    A bell made of datagram sockets: every waiter binds its own in one directory.

    A ring puts one byte into each of them, without waiting; what is full has been rung already.
    The socket of a waiter that died is removed by the next ring. Any number of threads may ring;
    one waits. A ring is kept for a waiter that is busy from its first wait on, however short, so
    whoever must miss none waits once, for zero seconds, before it first looks at the outbox.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._own: tuple[socket.socket, Path] | None = None
        self._ringer: socket.socket | None = None

    def ring(self) -> None:
        """Send one byte to every waiter, and forget those that are gone."""
        with suppress(OSError), os.scandir(self._directory) as entries:
            names = [entry.name for entry in entries if entry.name.endswith(_SUFFIX)]
            if names:
                with _ShortPath(self._directory) as short:
                    for name in names:
                        self._ring_one(short.of(name), name)

    def _ring_one(self, address: str, name: str) -> None:
        if self._ringer is None:
            self._ringer = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._ringer.setblocking(False)
        try:
            self._ringer.sendto(b"!", address)
        except ConnectionRefusedError:
            with suppress(OSError):
                (self._directory / name).unlink()
        except OSError:
            pass  # Full, so it has been rung; or gone between the look and the ring.

    def wait(self, seconds: float) -> bool:
        """Return True as soon as the bell rings, or has since the last wait."""
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        if not poll.poll(max(0.0, seconds) * 1000):
            return False
        self.hush()
        return True

    def fileno(self) -> int:
        """Return a file descriptor that is readable once the bell has rung; binds if need be."""
        if self._own is None:
            self._own = self._bind()
        return self._own[0].fileno()

    def hush(self) -> None:
        """Forget every ring so far."""
        if self._own is not None:
            with suppress(OSError):  # BlockingIOError: none is left.
                while self._own[0].recv(16):
                    pass

    def close(self) -> None:
        """Wait no more, and leave nothing behind."""
        if self._ringer is not None:
            self._ringer.close()
            self._ringer = None
        if self._own is not None:
            own, path = self._own
            own.close()
            with suppress(OSError):
                path.unlink()
            self._own = None

    def _bind(self) -> tuple[socket.socket, Path]:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}"
        own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            own.setblocking(False)
            with _ShortPath(self._directory) as short:
                own.bind(short.of(name))
        except OSError:
            own.close()
            raise
        return own, self._directory / name


class _ShortPath:
    """Names files of a directory in few enough bytes for a socket's address."""

    def __init__(self, directory: Path) -> None:
        self._prefix = os.fspath(directory)
        self._descriptor: int | None = None
        if len(os.fsencode(self._prefix)) <= _LONGEST_DIRECTORY:
            return
        if not Path("/proc/self/fd").is_dir():
            raise OSError(
                f"The path {self._prefix!r} is too long for a socket (107 bytes in all);"
                " choose a shorter directory."
            )
        self._descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._prefix = f"/proc/self/fd/{self._descriptor}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def of(self, name: str) -> str:
        return f"{self._prefix}/{name}"
