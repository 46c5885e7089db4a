"""
A TCP proxy that does to connections what networks do: for stores, databases and brokers.

    with FaultyProxy("127.0.0.1:5432") as proxy:
        connect(proxy.host, proxy.port)
        proxy.down()        # what is open is reset, what is new is refused
        proxy.heal()        # as if nothing had been
        proxy.stall(after=1000)

Faults hold for connections that are open and for those to come; each new fault joins the others of
its direction. Byte counts start anew when a fault is set.
"""

import asyncio
import re
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from enum import Enum
from typing import Any, Self
from urllib.parse import urlsplit

import attrs

_CHUNK_BYTES = 16 * 1024
_PATIENCE_SECONDS = 10.0
_TICK_SECONDS = 0.01


class Toward(Enum):
    """The way that bytes go."""

    CLIENT = "client"
    SERVER = "server"


@attrs.frozen
class Faults:
    """
    What happens to the bytes that go one way.

    Attributes:
        times: How many connections are cut, or bytes flipped; None for all.
        answers: A pattern at the head of a chunk, what is answered instead, to each how-manyth.
    """

    latency: float = 0.0
    bytes_per_second: float | None = None
    stall_after: int | None = None
    swallow: bool = False
    cut_after: int | None = None
    cut_by_reset: bool = False
    flip_every: int | None = None
    times: int | None = None
    answers: tuple[re.Pattern[bytes], bytes, int] | None = None
    lose_answer_to: re.Pattern[bytes] | None = None


class FaultyProxy:
    """Forwards a free port of loopback to *target*, `host:port` or a URL, until it is told not to."""

    host = "127.0.0.1"

    def __init__(self, target: str) -> None:
        parts = urlsplit(target if "//" in target else f"//{target}")
        assert parts.hostname and parts.port, f"no host and port in {target!r}"
        self._target = (parts.hostname, parts.port)
        self._scheme = parts.scheme
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="faulty-proxy")
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._faults = dict.fromkeys(Toward, Faults())
        self._left = dict.fromkeys(Toward, 0)
        self._matches = 0
        self.port = 0
        self.connections = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._hang_up())
        self._do(self._end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_SECONDS)
        self._loop.close()

    @property
    def url(self) -> str:
        """The proxy's address, with the scheme that the target's had."""
        return f"{self._scheme}://{self.host}:{self.port}"

    def down(self) -> None:
        """Reset every connection and refuse new ones."""
        self._do(self._hang_up())

    def heal(self) -> None:
        """Forget every fault and listen again; the port stays the same."""
        self._faults = dict.fromkeys(Toward, Faults())
        self._do(self._listen())

    def reset(self) -> None:
        """Reset the connections that are open; new ones are welcome."""
        self._do(self._reset_all())

    def latency(self, seconds: float, toward: Toward = Toward.CLIENT) -> None:
        """Hold every chunk back for a while."""
        self._set(toward, latency=seconds)

    def bandwidth(self, bytes_per_second: float, toward: Toward = Toward.CLIENT) -> None:
        """Let no more pass than that."""
        self._set(toward, bytes_per_second=bytes_per_second)

    def stall(self, after: int = 0, toward: Toward = Toward.CLIENT) -> None:
        """Take no more once *after* bytes have passed; connections stay open."""
        self._set(toward, stall_after=after)

    def swallow(self, toward: Toward = Toward.SERVER) -> None:
        """Take everything and pass nothing on, as a half-open connection does."""
        self._set(toward, swallow=True)

    def cut(
        self,
        after: int,
        toward: Toward = Toward.CLIENT,
        *,
        reset: bool = True,
        times: int | None = None,
    ) -> None:
        """End a connection once *after* bytes have passed: by a reset, or as if that were all."""
        self._set(toward, times, cut_after=after, cut_by_reset=reset)

    def flip(self, every: int, toward: Toward = Toward.CLIENT, *, times: int | None = None) -> None:
        """Invert each *every*-th byte of a connection."""
        self._set(toward, times, flip_every=every)

    def answer(self, pattern: bytes, reply: bytes, *, every: int = 1) -> None:
        """Reply in the server's stead to each *every*-th chunk that begins so, and hang up."""
        self._matches = 0
        self._set(Toward.SERVER, answers=(re.compile(pattern), reply, every))

    def lose_answer(self, pattern: bytes) -> None:
        """Let the next chunk that begins so pass, and reset when the server answers it."""
        self._set(Toward.SERVER, lose_answer_to=re.compile(pattern))

    def _set(self, toward: Toward, times: int | None = None, **faults: Any) -> None:
        self._left[toward] = -1 if times is None else times
        self._faults[toward] = attrs.evolve(self._faults[toward], times=times, **faults)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_SECONDS)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, self.host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._reset_all()

    async def _reset_all(self) -> None:
        for writer in list(self._writers):
            _reset(writer)

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        self._writers.add(writer)
        try:
            beyond = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(writer)
            self._writers.discard(writer)
            return
        self._writers.add(beyond[1])
        try:
            await asyncio.gather(
                self._pump(reader, beyond[1], writer, Toward.SERVER),
                self._pump(beyond[0], writer, beyond[1], Toward.CLIENT),
            )
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for one in (writer, beyond[1]):
                one.close()
                self._writers.discard(one)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        toward: Toward,
    ) -> None:
        known, passed = self._faults[toward], 0
        while chunk := await source.read(_CHUNK_BYTES):
            if known is not self._faults[toward]:
                known, passed = self._faults[toward], 0
            if self._answers(known, chunk):
                assert known.answers is not None
                back.write(known.answers[1])
                await back.drain()
                back.close()
                target.close()
                # Read on: closing over unread bytes would reset, and the reply might be lost.
                with suppress(TimeoutError):
                    await asyncio.wait_for(source.read(-1), 1)
                return
            if known.lose_answer_to is not None and known.lose_answer_to.match(chunk):
                self._set(toward, lose_answer_to=None)
                self.cut(after=0, times=1)
            await asyncio.sleep(known.latency)
            if known.swallow:
                continue
            chunk = self._flipped(known, chunk, passed, toward)
            end = self._end_of(known, passed + len(chunk), toward)
            for piece in _pieces(chunk[: None if end is None else end - passed], known):
                await self._while_stalled(toward, known, passed + len(piece))
                target.write(piece)
                await target.drain()
                passed += len(piece)
                if known.bytes_per_second:
                    await asyncio.sleep(len(piece) / known.bytes_per_second)
            if end is not None:
                for one in (target, back):
                    _reset(one) if known.cut_by_reset else one.close()
                return
        with suppress(OSError, RuntimeError):
            target.write_eof()

    async def _while_stalled(self, toward: Toward, known: Faults, reached: int) -> None:
        while (
            self._faults[toward] is known
            and known.stall_after is not None
            and reached > known.stall_after
        ):
            await asyncio.sleep(_TICK_SECONDS)

    def _answers(self, faults: Faults, chunk: bytes) -> bool:
        if faults.answers is None or not faults.answers[0].match(chunk):
            return False
        self._matches += 1
        return self._matches % faults.answers[2] == 0

    def _flipped(self, faults: Faults, chunk: bytes, passed: int, toward: Toward) -> bytes:
        if faults.flip_every is None:
            return chunk
        flipped = bytearray(chunk)
        first = faults.flip_every - 1 - passed % faults.flip_every
        for at in range(first, len(chunk), faults.flip_every):
            if self._once_more(toward):
                flipped[at] ^= 0xFF
        return bytes(flipped)

    def _end_of(self, faults: Faults, reached: int, toward: Toward) -> int | None:
        """Return where the connection is to be cut, if these bytes go as far."""
        if faults.cut_after is None or reached < faults.cut_after or not self._once_more(toward):
            return None
        return faults.cut_after

    def _once_more(self, toward: Toward) -> bool:
        if self._left[toward] == 0:
            return False
        self._left[toward] -= 1
        return True


def _pieces(chunk: bytes, faults: Faults) -> list[bytes]:
    """Cut a chunk so that slowness looks slow, and a stall happens where it is to happen."""
    size = len(chunk)
    if faults.bytes_per_second:
        size = max(1, int(faults.bytes_per_second / 20))
    if faults.stall_after is not None:
        size = min(size, 256)
    return [chunk[at : at + size] for at in range(0, len(chunk), max(1, size))]


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
