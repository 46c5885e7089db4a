"""HAProxy with the configuration that ships, in front of an API."""

import os
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Self

import psutil

from tests.ports import free_port
from tests.running import ROOT
from tests.services import packages

CONFIGURATION = ROOT / "proxy" / "haproxy.cfg"
_PATIENCE_SECONDS = 20.0


class Proxy:
    """
    One HAProxy process on a free port of loopback.

    Attributes:
        port: Where it listens on loopback.
    """

    def __init__(self, api: str, log: Path, *, port: int | None = None) -> None:
        packages.ensure("haproxy")
        self.port = port or free_port()
        self._api = api
        self._log = log

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["haproxy", "-db", "-f", str(CONFIGURATION)],
                env=os.environ | {
                    "SAFELIGHT_PROXY_BIND": f"127.0.0.1:{self.port}",
                    "SAFELIGHT_PROXY_API": self._api,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self._serves():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(self._log.read_text(errors="replace")[-3000:])
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(timeout=10)

    @property
    def base(self) -> str:
        """The address that customers would use."""
        return f"http://127.0.0.1:{self.port}"

    def peers(self) -> set[str]:
        """Return the addresses of those who are connected to it."""
        held = psutil.Process(self._process.pid).net_connections("tcp")
        return {
            one.raddr.ip
            for one in held
            if one.status == psutil.CONN_ESTABLISHED and one.laddr.port == self.port
        }

    def _serves(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()
