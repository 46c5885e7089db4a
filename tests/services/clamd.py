"""A clamd of the tests' own, which knows the signatures of the tests and no others."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.scanning.clamd import ClamdScanner
from application.ports.malware_scanner import ScannerUnavailable
from tests.malware import SIGNATURES
from tests.ports import free_port
from tests.services import packages

READY_SECONDS = 30.0
_PROGRAM = Path("/usr/sbin/clamd")


class Clamd:
    """
    A server on a socket and a port that nobody else knows; what fetches signatures never runs.

    Further options are those of clamd.conf.

    Attributes:
        url: By its socket.
        tcp_url: By its port.
    """

    def __init__(self, **options: str) -> None:
        packages.ensure("clamav-daemon")
        if not _PROGRAM.exists():
            packages.not_here(f"needs {_PROGRAM}")
        self._folder = Path(tempfile.mkdtemp(prefix="safelight-clamd-"))
        socket, port = self._folder / "socket", free_port()
        self.url, self.tcp_url = f"clamd://{socket}", f"clamd://127.0.0.1:{port}"
        signatures = self._folder / "signatures"
        signatures.mkdir()
        (signatures / "tests.ndb").write_text(
            "".join(f"{name}:0:*:{known.hex()}\n" for name, known in SIGNATURES.items())
        )
        settings = {
            "Foreground": "yes",
            "User": pwd.getpwuid(os.geteuid()).pw_name,
            "DatabaseDirectory": signatures,
            "TemporaryDirectory": self._folder,
            "LocalSocket": socket,
            "TCPAddr": "127.0.0.1",
            "TCPSocket": port,
            "StreamMaxLength": "25M",
            "SelfCheck": "0",
            **options,
        }
        self._configuration = self._folder / "clamd.conf"
        self._configuration.write_text(
            "".join(f"{name} {value}\n" for name, value in settings.items())
        )
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self._folder / "output").open("ab") as output:
            self._server = subprocess.Popen(
                [_PROGRAM, f"--config-file={self._configuration}"],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests, which then stop it
            )
        give_up_at = time.monotonic() + READY_SECONDS
        while not self._answers():
            assert self._server.poll() is None, f"clamd did not start:\n{self.log}"
            assert time.monotonic() < give_up_at, f"clamd does not answer:\n{self.log}"
            time.sleep(0.05)

    def halt(self) -> None:
        """Kill it: nobody is told, its socket stays as it is."""
        self._server.kill()
        self._server.wait(10)

    def freeze(self) -> None:
        """Let it stand still, until `thaw`."""
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._server.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def log(self) -> str:
        """The end of what it has said."""
        return (self._folder / "output").read_text(errors="replace")[-3_000:]

    def _answers(self) -> bool:
        try:
            ClamdScanner(self.url).version()
            ClamdScanner(self.tcp_url).version()
        except ScannerUnavailable:
            return False
        return True


@pytest.fixture(scope="session")
def clamd() -> Iterator[Clamd]:
    """A clamd that takes files of 25 MiB."""
    server = Clamd()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def mortal_clamd() -> Iterator[Clamd]:
    """A clamd that may be killed without harm to other tests, and takes files of 1 MiB."""
    server = Clamd(StreamMaxLength="1M")
    yield server
    server.stop()
