"""A small HTTP server by which processes without an API of their own can be watched."""

import socket
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson

from adapters.telemetry.prometheus_metrics import CONTENT_TYPE

_REQUEST_SECONDS = 5
_STILL = {"process": "it makes no headway"}


class HealthServer:
    """
    Answers `/metrics`, `/healthz` (the process lives) and `/readyz` (it can do its work).

    Attributes:
        bind: `host:port`; port 0 lets the system choose.
        is_alive: Whether the process still makes headway.
        missing: Returns what the process needs and has not got, by name, and why.
    """

    def __init__(
        self,
        bind: str,
        *,
        metrics: Callable[[], bytes],
        is_alive: Callable[[], bool],
        missing: Callable[[], Mapping[str, str]],
    ) -> None:
        host, _, port = bind.rpartition(":")
        answers: dict[str, Callable[[], tuple[HTTPStatus, str, bytes]]] = {
            "/metrics": lambda: (HTTPStatus.OK, CONTENT_TYPE, metrics()),
            "/healthz": lambda: _verdict({} if is_alive() else _STILL),
            "/readyz": lambda: _verdict(missing() if is_alive() else _STILL),
        }
        self._server = _Server((host.strip("[]"), int(port)), _handler(answers))
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="health-server", daemon=True
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._server.server_address[1]
        return port

    def start(self) -> None:
        """Serve from a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)


def _verdict(missing: Mapping[str, str]) -> tuple[HTTPStatus, str, bytes]:
    if not missing:
        return HTTPStatus.OK, "application/json", b'{"status":"ok"}\n'
    body = orjson.dumps(
        {"status": "unavailable", "missing": missing}, option=orjson.OPT_APPEND_NEWLINE
    )
    return HTTPStatus.SERVICE_UNAVAILABLE, "application/json", body


def _handler(
    answers: dict[str, Callable[[], tuple[HTTPStatus, str, bytes]]],
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _REQUEST_SECONDS
        server_version = "safelight"
        sys_version = ""

        def do_GET(self) -> None:
            answer = answers.get(self.path.partition("?")[0])
            if answer is None:
                status, kind, body = HTTPStatus.NOT_FOUND, "application/json", b"{}\n"
            else:
                status, kind, body = answer()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
