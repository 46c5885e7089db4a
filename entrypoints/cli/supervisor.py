"""The whole platform on one machine: every process started, watched, and stopped in order."""

import asyncio
import fcntl
import json
import os
import shlex
import signal
import socket
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import attrs

from entrypoints import factories, preparation
from entrypoints.cli.child_process import ChildProcess
from entrypoints.cli.log_view import LogView
from entrypoints.first_session import first_session
from entrypoints.mistakes import OperatorMistake
from entrypoints.settings import PREFIX, Settings

PROCESSES: Final = ("api", "image-worker", "notifier", "relay")

_ROOT: Final = Path(__file__).parents[2]
_OWN_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # not listened at
_BACKLOG: Final = 1024
_MANY_FAILURES: Final = 3
_READY_SECONDS: Final = 60.0
_MARGIN_SECONDS: Final = 5.0
# Tried out on one machine, webhooks are received on it.
_LOOPBACK: Final = "127.0.0.0/8,::1/128"


def supervise(settings: Settings, environ: Mapping[str, str], log_format: str) -> int:
    """
    Run the platform until a signal says stop; return the exit code.

    Raises:
        OperatorMistake: It cannot be started.
    """
    began = time.monotonic()
    os.umask(0o077)
    view = LogView(("safelight", *PROCESSES), raw=log_format == "json")
    with _listening(settings.http.bind) as listener:
        preparation.make_data_directory(settings)
        run = settings.data_dir / "run"
        run.mkdir(exist_ok=True)
        with _only_one(run / "supervisor.lock"), _figures_dir() as figures_dir:
            settings, environ = surroundings(settings, environ, listener, figures_dir)
            factories.telemetry.forget_figures(settings)
            for name in preparation.prepare(settings):
                view.say(f"migrated {name}")
            if settings.broker.url is not None:
                preparation.check_broker(settings)
            supervisor = _Supervisor(settings, environ, listener, view, began)
            return asyncio.run(supervisor.run())


@contextmanager
def _listening(bind: str) -> Iterator[socket.socket]:
    """Open the API's socket here, so that clients wait, and are not refused, while it restarts."""
    host, _, port = bind.rpartition(":")
    if bind.startswith(("unix:", "fd://")):
        raise OperatorMistake(
            f"{PREFIX}HTTP_BIND must be host:port here, not {bind!r}", exit_code=2
        )
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host.strip("[]"), int(port)))
            listener.listen(_BACKLOG)
        except OSError as error:
            raise OperatorMistake(
                f"cannot listen on {bind}: {error.strerror}; choose another port, "
                f"such as PORT={int(port) + 1}, or set {PREFIX}HTTP_BIND"
            ) from None
        yield listener


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold the data directory: two supervisors would stop and count each other's processes."""
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise OperatorMistake(
                f"process {file.read().strip() or '?'} already runs Safelight on this data "
                f"directory; stop it, or set {PREFIX}DATA_DIR to another"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


@contextmanager
def _figures_dir() -> Iterator[Path]:
    """
    Lend a directory for the processes' figures, in memory where there is such a place.

    They are written through mapped files, and a write to a full disk would end the process.
    """
    memory = Path("/dev/shm")  # noqa: S108  # a directory of our own in it
    parent = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(
        prefix="safelight-", dir=parent, ignore_cleanup_errors=True
    ) as directory:
        yield Path(directory)


def surroundings(
    settings: Settings, environ: Mapping[str, str], listener: socket.socket, figures_dir: Path
) -> tuple[Settings, dict[str, str]]:
    """
    Return the settings and the environment of the processes: the caller's, with our defaults.

    Webhooks may reach this machine while nobody else may reach the API: for trying out.
    """
    port = listener.getsockname()[1]
    is_for_trying_out = ip_address(listener.getsockname()[0]).is_loopback
    host = settings.http.bind.rpartition(":")[0]
    http = attrs.evolve(settings.http, bind=f"{host}:{port}")
    settings = attrs.evolve(settings, http=http)
    metrics_dir = settings.metrics.dir or figures_dir
    settings = attrs.evolve(settings, metrics=attrs.evolve(settings.metrics, dir=metrics_dir))
    return settings, {
        **({f"{PREFIX}WEBHOOK_ALLOWED_NETWORKS": _LOOPBACK} if is_for_trying_out else {}),
        **environ,
        f"{PREFIX}DATA_DIR": str(settings.data_dir),
        f"{PREFIX}HTTP_BIND": f"fd://{listener.fileno()}",
        f"{PREFIX}HTTP_BASE_URL": settings.base_url,
        f"{PREFIX}METRICS_DIR": str(metrics_dir),
        f"{PREFIX}LOG_FORMAT": "json",
        "PYTHONPATH": str(_ROOT),
    }


class _Supervisor:
    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        listener: socket.socket,
        view: LogView,
        began: float,
    ) -> None:
        self._settings = settings
        self._address = listener.getsockname()
        self._view = view
        self._began = began
        self._pid_file = settings.data_dir / "run" / "processes.json"
        self._children = [
            ChildProcess(
                name,
                environ,
                descriptors=[listener.fileno()] if name == "api" else [],
                on_start=self._write_pids,
                on_line=view.show,
                on_exit=self._tell_of_exit,
            )
            for name in PROCESSES
        ]
        self._stop = asyncio.Event()
        self._exit_code = 0

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal, number)
        running = [asyncio.create_task(child.run()) for child in self._children]
        greeting = asyncio.create_task(self._greet())
        try:
            await self._stop.wait()
            greeting.cancel()
            await self._stop_in_order()
        finally:
            for child in self._children:
                child.kill()
            await asyncio.gather(*running, greeting, return_exceptions=True)
            self._pid_file.unlink(missing_ok=True)
        return self._exit_code

    def _on_signal(self, number: int) -> None:
        if self._stop.is_set():
            for child in self._children:
                child.stop_at_once()
            return
        self._view.say(f"stopping ({signal.Signals(number).name}); once more stops at once")
        self._stop.set()

    async def _greet(self) -> None:
        """Say where we are once requests are answered."""
        try:
            async with asyncio.timeout(_READY_SECONDS):
                while not await self._answers():  # noqa: ASYNC110  # asked over the network
                    await asyncio.sleep(0.05)
        except TimeoutError:
            self._view.say(
                f"not ready after {_READY_SECONDS:.0f} s; the lines above may say why",
                level="warning",
            )
            return
        seconds = time.monotonic() - self._began
        self._view.say(f"ready at {self._settings.base_url} after {seconds:.1f} s")
        self._view.announce(_welcome(self._settings))

    async def _answers(self) -> bool:
        """Ask `/readyz`; until the API runs, the socket's backlog keeps the question."""
        host, port = self._address[:2]
        try:
            async with asyncio.timeout(_READY_SECONDS / 6):
                reader, writer = await asyncio.open_connection(_OWN_ADDRESS.get(host, host), port)
        except (OSError, TimeoutError):
            return False
        try:
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            async with asyncio.timeout(_READY_SECONDS / 6):
                return b" 200 " in await reader.readline()
        except (OSError, TimeoutError):
            return False
        finally:
            writer.close()

    def _write_pids(self) -> None:
        pids = {child.name: child.pid for child in self._children if child.pid is not None}
        aside = self._pid_file.with_suffix(".new")
        aside.write_text(json.dumps({"safelight": os.getpid(), **pids}), "ascii")
        aside.replace(self._pid_file)

    def _tell_of_exit(self, name: str, code: int, pause: float) -> None:
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        again = f"again in {pause:g} s" if pause else "again at once"
        self._view.say(f"{name} {how}; {again}", level="warning")
        child = next(child for child in self._children if child.name == name)
        if not child.has_lasted and child.failures > _MANY_FAILURES:
            self._view.say(f"{name} cannot be started; the lines above say why", level="error")
            self._exit_code = 1
            self._stop.set()

    async def _stop_in_order(self) -> None:
        """Stop the API first, so that no new work comes, then the others together."""
        api, *others = self._children
        api.stop()
        await self._wait_for(api, self._settings.http.graceful_seconds)
        for child in others:
            child.stop()
        deadline = time.monotonic() + self._settings.worker.drain_seconds
        for child in others:
            await self._wait_for(child, deadline - time.monotonic())
        self._view.say("stopped")

    async def _wait_for(self, child: ChildProcess, seconds: float) -> None:
        if not await child.ended(max(0.0, seconds) + _MARGIN_SECONDS):
            self._view.say(f"{child.name} does not end and is killed", level="warning")
            self._exit_code = 1
            child.kill()
            await child.ended(_MARGIN_SECONDS)


def _welcome(settings: Settings) -> str:
    url = settings.base_url
    mail = "" if settings.smtp.host else f"\n  Mails are written to {settings.data_dir / 'mail'}."
    ours = _ROOT / "docs" / "pictures" / "before.jpg"
    picture = shlex.quote(str(ours)) if ours.exists() else "photo.jpg"
    session = textwrap.indent(first_session(url, picture=picture), "    ")
    return f"\n  Safelight is ready at {url}{mail}\n\n  Try it in a second terminal:\n\n{session}\n"
