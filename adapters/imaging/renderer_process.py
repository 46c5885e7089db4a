"""The editor's ends of the renderers' processes: the zygote, and each renderer it forks."""

import contextlib
import json
import logging
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

import attrs
import cattrs

from adapters.imaging.limits import RendererLimits
from adapters.imaging.messages import (
    CHECK,
    PACKET_BYTES,
    REAP,
    Fonts,
    Order,
    Reply,
    decode_reply,
    progress_in,
)
from application.ports.image_editor import Watch
from domain.images.pipeline import Pipeline

_START_SECONDS: Final = 60.0
_ANSWER_SECONDS: Final = 10.0
_WATCH_SECONDS: Final = 1.0
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_RENDERER_MODULE: Final = "adapters.imaging.renderer"
_ROOT: Final = Path(__file__).resolve().parents[2]
_FONTS_CONFIGURATION: Final = Path(__file__).with_name("fonts.conf")
# What an interpreter or its allocator may need to start at all; none of it holds secrets.
# A renderer draws one picture after the other, and each wants much the same memory. What one has
# freed is kept for the next, as long as it is little beside what makes a renderer be replaced;
# else every picture pays for up to 3,000 page faults.
_KEPT_MEMORY: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(4 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
}
_PASSED_ON: Final = ("LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME", "TMPDIR")

_logger = logging.getLogger(__name__)


class ZygoteGone(Exception):
    """The process that makes renderers has died, or could not be started."""


class RendererHung(Exception):
    """The renderer took longer than the wall clock allows, and has been killed."""


class RendererAbandoned(Exception):
    """Nobody wants what the renderer draws any longer; it has been killed."""


class RendererDied(Exception):
    """
    The renderer ended in the middle of a task.

    Attributes:
        signal_number: The signal that ended it, or None.
        complaints: The last that it, or a library in it, wrote to its standard error.
    """

    def __init__(self, signal_number: int | None, complaints: str) -> None:
        super().__init__(f"signal {signal_number}: {complaints}")
        self.signal_number = signal_number
        self.complaints = complaints


class Zygote:
    """Starts the zygote anew whenever it is needed and not there. Thread-safe."""

    def __init__(self, limits: RendererLimits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._closed = False
        self._generation = 0

    def fork(self, fonts: Fonts = Fonts.NONE) -> "Renderer":
        """
        Return a new renderer; opening fonts, which it cannot do later, takes it longer.

        Raises:
            ZygoteGone: None could be made.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        complaints, their_stderr = os.pipe()
        try:
            # A full pipe must not stop a renderer: what does not fit is lost.
            os.set_blocking(complaints, False)
            os.set_blocking(their_stderr, False)
            with self._lock:
                if not self._is_alive():
                    self._start()
                pid = self._ask(fonts.value, [theirs.fileno(), their_stderr])
                generation = self._generation
            return Renderer(
                pid,
                os.pidfd_open(pid),
                ours,
                complaints,
                self,
                generation,
                fonts=fonts,
            )
        except (ZygoteGone, OSError) as error:
            ours.close()
            os.close(complaints)
            raise ZygoteGone(str(error)) from error
        finally:
            theirs.close()
            os.close(their_stderr)

    def reap(self, pid: int, generation: int) -> int:
        """
        Return the wait status of the renderer *pid*, which has hung up.

        *generation* is that of the zygote it was forked by; another zygote's children may bear
        the same id.

        Raises:
            ZygoteGone: It died with its zygote, or before.
        """
        with self._lock:
            known = generation == self._generation and self._is_alive()
            status = self._ask(REAP + struct.pack("<q", pid), []) if known else -1
        if status < 0:
            raise ZygoteGone("nobody knows how the renderer ended")
        return status

    def close(self) -> None:
        """End the zygote, and with it every renderer."""
        with self._lock:
            self._closed = True
            self._stop()

    def _is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _start(self) -> None:
        if self._closed:
            raise ZygoteGone("the editor is closed")
        self._stop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        settings = {
            "socket": theirs.fileno(),
            "worker_pid": os.getpid(),
            "limits": cattrs.unstructure(self._limits),
        }
        with theirs:
            # Same process group, so that whoever kills the worker's group kills us all.
            self._process = subprocess.Popen(  # noqa: S603  # our own module, our own words
                [sys.executable, "-s", "-P", "-m", _RENDERER_MODULE, json.dumps(settings)],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._socket = ours
        self._generation += 1
        ours.settimeout(_START_SECONDS)
        if self._receive() != b"ready":
            raise ZygoteGone("the renderers' process did not start; its errors are in the log")
        ours.settimeout(_ANSWER_SECONDS)

    def _stop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _ask(self, question: bytes, descriptors: list[int]) -> int:
        assert self._socket is not None  # started just before
        try:
            socket.send_fds(self._socket, [question], descriptors)
            answer = self._receive()
            (number,) = struct.unpack("<q", answer)
        except (OSError, struct.error) as error:
            self._stop()
            raise ZygoteGone("the renderers' process does not answer") from error
        return int(number)

    def _receive(self) -> bytes:
        assert self._socket is not None
        try:
            return self._socket.recv(64)
        except OSError as error:
            self._stop()
            raise ZygoteGone("the renderers' process does not answer") from error


@attrs.define(eq=False)
class Renderer:
    """A renderer's process, as its editor sees it. One thread at a time."""

    pid: int
    _pidfd: int
    _channel: socket.socket
    _complaints: int
    _zygote: Zygote
    _generation: int
    fonts: Fonts
    tasks: int = 0
    peak_bytes: int = 0

    def draw(
        self,
        order: Order,
        descriptors: list[int],
        wall_seconds: float,
        watch: Watch | None = None,
    ) -> Reply:
        """
        Have *order* drawn, and *watch* asked about once a second whether it is still wanted.

        Raises:
            RendererAbandoned: It is not.
            RendererDied: It ended; how, the error says.
            RendererHung: It did not end in time.
            MalformedMessage: It said something that no renderer says; it has been killed.
            ZygoteGone: The zygote died, and the renderer with it.
        """
        self.tasks += 1
        try:
            answer = self._converse(order.encode(), descriptors, wall_seconds, watch)
            reply = decode_reply(answer)
        except BaseException:
            self.close()  # whatever state it is in, nobody shall meet it again
            raise
        self.peak_bytes = max(self.peak_bytes, reply.peak_bytes)
        for line in self._drained().splitlines():
            _logger.debug("renderer %d: %s", self.pid, line)
        return reply

    def check(self) -> dict[str, Any]:
        """Have the renderer prove its walls; raises what `draw` raises."""
        packet = self._converse(CHECK, [], _ANSWER_SECONDS)
        proof: dict[str, Any] = json.loads(packet)
        return proof

    @property
    def is_closed(self) -> bool:
        """Whether it has ended, and we know."""
        return self._pidfd < 0

    def can_draw(self, pipeline: Pipeline) -> bool:
        """Tell whether it has the fonts for it; one that has met strangers' draws no second."""
        needed = Fonts.needed_for(pipeline)
        return needed is Fonts.NONE or needed is self.fonts is Fonts.SHIPPED

    def is_idle(self) -> bool:
        """Tell whether it is there and has nothing to say, as it should between tasks."""
        poller = select.poll()  # which takes descriptors of any number, unlike select
        try:
            poller.register(self._channel, select.POLLIN)
            poller.register(self._pidfd, select.POLLIN)
            return not poller.poll(0)
        except (OSError, ValueError):  # what cannot be asked is not to be relied on
            return False

    def resident_bytes(self) -> int:
        """Return what lies in memory of it now, or the most that ever did if nobody tells."""
        try:
            # Asked after every task: a file object would take five times as long.
            told = os.open(f"/proc/{self.pid}/statm", os.O_RDONLY | os.O_CLOEXEC)
            try:
                return int(os.read(told, 200).split()[1]) * _PAGE_BYTES
            finally:
                os.close(told)
        except (OSError, ValueError, IndexError):
            return self.peak_bytes

    def close(self) -> None:
        """End the process at once."""
        if self._pidfd < 0:
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        self._forget()
        with contextlib.suppress(ZygoteGone):
            self._zygote.reap(self.pid, self._generation)

    def _converse(
        self,
        packet: bytes,
        descriptors: list[int],
        wall_seconds: float,
        watch: Watch | None = None,
    ) -> bytes:
        deadline = time.monotonic() + wall_seconds
        self._channel.settimeout(wall_seconds)
        try:
            socket.send_fds(self._channel, [packet], descriptors)
            answer = self._answer(deadline, watch)
        except TimeoutError:
            raise RendererHung from None
        except (BrokenPipeError, ConnectionError):
            answer = b""
        if not answer:
            raise self._post_mortem()
        return answer

    def _answer(self, deadline: float, watch: Watch | None) -> bytes:
        """Return the first packet that does not merely tell of progress; empty if it hung up."""
        look_at = time.monotonic() + _WATCH_SECONDS
        percent = 0
        while (now := time.monotonic()) < deadline:
            if watch is not None and now >= look_at:
                if not watch(percent):
                    raise RendererAbandoned
                look_at = time.monotonic() + _WATCH_SECONDS
            until = deadline if watch is None else min(deadline, look_at)
            self._channel.settimeout(max(0.001, until - time.monotonic()))
            try:
                packet = self._channel.recv(PACKET_BYTES)
            except TimeoutError:
                continue
            told = progress_in(packet)
            if told is None:
                return packet
            percent = told
        raise TimeoutError

    def _post_mortem(self) -> RendererDied:
        try:
            status = self._zygote.reap(self.pid, self._generation)
            complaints = self._drained()
        finally:
            self._forget()
        return RendererDied(os.WTERMSIG(status) if os.WIFSIGNALED(status) else None, complaints)

    def _drained(self) -> str:
        with contextlib.suppress(BlockingIOError):
            return os.read(self._complaints, PACKET_BYTES).decode(errors="replace")
        return ""

    def _forget(self) -> None:
        self._channel.close()
        os.close(self._complaints)
        os.close(self._pidfd)
        self._pidfd = -1


def _environment() -> dict[str, str]:
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "FONTCONFIG_FILE": str(_FONTS_CONFIGURATION),
        "MALLOC_ARENA_MAX": "2",
        **_KEPT_MEMORY,
        "PYTHONPATH": os.pathsep.join(paths),
        "VIPS_BLOCK_UNTRUSTED": "1",
        "VIPS_CONCURRENCY": "1",
        "VIPS_DISC_THRESHOLD": "64g",
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
    }
