"""A whole platform behind the proxy that ships: what customers meet."""

from pathlib import Path
from typing import Final

from tests.ports import free_port
from tests.running import ROOT, RunningPlatform
from tests.services.haproxy import Proxy

_PROXIES: Final = "127.0.0.0/8"


class FrontedPlatform(RunningPlatform):
    """
    As its base, but every request goes through HAProxy with `proxy/haproxy.cfg`, links too.

    Attributes:
        proxy: Where customers come in.
    """

    def __init__(self, folder: Path, *, program: Path = ROOT, **settings: str) -> None:
        self._front = free_port()
        self._proxy: Proxy | None = None
        super().__init__(
            folder,
            program=program,
            **{
                "HTTP_BASE_URL": f"http://127.0.0.1:{self._front}",
                "HTTP_TRUSTED_PROXIES": _PROXIES,
            }
            | settings,
        )

    @property
    def base(self) -> str:
        """The proxy's address."""
        return f"http://127.0.0.1:{self._front}"

    @property
    def proxy(self) -> Proxy:
        """Return the proxy, which stands while the platform does."""
        assert self._proxy is not None, "it is not running"
        return self._proxy

    @property
    def proxy_log_path(self) -> Path:
        """Where the proxy logs each request."""
        return self.folder.parent / f"{self.folder.name}-proxy.log"

    def start(self) -> None:
        """Start the platform, then the proxy."""
        super().start()
        self._proxy = Proxy(f"127.0.0.1:{self.port}", self.proxy_log_path, port=self._front)
        self._proxy.__enter__()

    def stop(self) -> int:
        """Stop the proxy, then the platform."""
        if self._proxy is not None:
            self._proxy.__exit__()
            self._proxy = None
        return super().stop()
