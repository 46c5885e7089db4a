"""A customer's server on a public address, with TLS; it redirects where it is told to."""

import contextlib
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REDIRECTS = (301, 302, 303, 307, 308)


class Receiver:
    """
    Answers `/to/{number}` with a redirect to that target, and everything else with 204.

    Attributes:
        calls: How often it was called, by the first part of the path.
    """

    def __init__(
        self, address: str, port: int, tls: ssl.SSLContext, targets: Sequence[str]
    ) -> None:
        self.calls = Counter[str]()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                first, *rest = self.path.strip("/").split("/")
                receiver.calls[first] += 1
                if first == "to":
                    number = int(rest[0])
                    self.send_response(REDIRECTS[number % len(REDIRECTS)])
                    self.send_header("Location", _on_one_line(targets[number]))
                else:
                    self.send_response(204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
            allow_reuse_port = True  # the canaries listen on every address
            daemon_threads = True
            request_queue_size = 128

        self._server = Server((address, port), Handler)
        self._server.socket = tls.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )

    @contextlib.contextmanager
    def running(self) -> Iterator["Receiver"]:
        """Serve."""
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


def _on_one_line(url: str) -> str:
    return url.replace("\r", "").replace("\n", "").encode().decode("latin-1")
