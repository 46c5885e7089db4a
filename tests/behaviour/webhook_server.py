"""A customer's server that takes webhooks, on loopback."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import attrs


@attrs.frozen
class Call:
    """One request that the server got."""

    headers: dict[str, str]
    body: bytes
    answered: int

    @property
    def task_id(self) -> str:
        """The task that it is about."""
        return str(json.loads(self.body)["data"]["taskId"])


class WebhookServer:
    """Answers 204 and remembers what it was told; fails on demand."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._failures = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = owner._next_status()
                headers = {name.lower(): value for name, value in self.headers.items()}
                owner.calls.append(Call(headers, body, status))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def fail_next(self, count: int) -> None:
        """Answer the next *count* calls with 500."""
        self._failures = count

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _next_status(self) -> int:
        if self._failures:
            self._failures -= 1
            return 500
        return 204
