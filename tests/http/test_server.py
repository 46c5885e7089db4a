"""The API behind the real gunicorn with its real settings: what a test client cannot show."""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from tests import pictures
from entrypoints.http.security_headers import SECURITY_HEADERS
from tests.http.house import BOUNDARY, TOKEN, form, image_part, part
from tests.http.serving import RESULT

ROOT = Path(__file__).resolve().parents[2]
MAX_UPLOAD = 80 * 1024 * 1024
LINK = f"/files/{uuid4()}/main/a.webp?exp=2000000000&kid=k1&sig=good"
MEBIBYTE = 1024 * 1024


class Server:
    """gunicorn on a listening socket that it is handed, as the supervisor does it."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.log_path = folder / "server.log"
        scheme = "https" if "SAFELIGHT_HTTP_TLS_CERTIFICATE" in environ else "http"
        with socket.create_server(("127.0.0.1", 0)) as listener, self.log_path.open("wb") as log:
            self.port: int = listener.getsockname()[1]
            kept = {k: v for k, v in os.environ.items() if not k.startswith("SAFELIGHT_")}
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.http.serving"],
                cwd=ROOT,
                env=kept | {
                    "PYTHONPATH": str(ROOT),
                    "HOME": str(folder),
                    "SAFELIGHT_DATA_DIR": str(folder),
                    "SAFELIGHT_HTTP_BIND": f"fd://{listener.fileno()}",
                    "SAFELIGHT_HTTP_BASE_URL": f"{scheme}://127.0.0.1:{self.port}",
                    "SAFELIGHT_HTTP_WORKERS": "1",
                    "SAFELIGHT_HTTP_THREADS": "4",
                    "SAFELIGHT_UPLOAD_MAX_BYTES": str(MAX_UPLOAD),
                } | environ,
                pass_fds=[listener.fileno()],
                stdout=log,
            )  # fmt: skip
        deadline = time.monotonic() + 20
        self.trusted: ssl.SSLContext | None = None
        if (certificate := environ.get("SAFELIGHT_HTTP_TLS_CERTIFICATE")) is not None:
            self.trusted = ssl.create_default_context(cafile=certificate)
        while self.ask("GET", "/healthz") is None:
            assert self.process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)

    @property
    def worker(self) -> psutil.Process:
        [worker] = psutil.Process(self.process.pid).children()
        return worker

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def ask(self, method: str, path: str, **headers: str) -> tuple[Any, bytes] | None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        if self.trusted is not None:
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=20, context=self.trusted
            )
        try:
            connection.request(
                method, path, headers={k.replace("_", "-"): v for k, v in headers.items()}
            )
            answer = connection.getresponse()
            return answer, answer.read()
        except OSError:
            return None
        finally:
            connection.close()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=20)
        finally:
            self.process.kill()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that leave it as it was."""
    server = Server(tmp_path_factory.mktemp("served"))
    yield server
    assert server.stop() == 0


def head(length: int | None, *more: str) -> bytes:
    lines = [
        "POST /api/images/upload HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {TOKEN}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        *([] if length is None else [f"Content-Length: {length}"]),
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def answer_to(connection: socket.socket) -> tuple[http.client.HTTPResponse, dict[str, Any]]:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer, json.loads(answer.read())


def peak_bytes(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_a_large_picture_is_never_whole_in_memory(server: Server) -> None:
    small = pictures.small_jpeg()
    with server.connect() as connection:  # so that everything is loaded
        body = form(image_part(small))
        connection.sendall(head(len(body)) + body)
        assert answer_to(connection)[0].status == 202
    before = peak_bytes(server.worker)

    start, end = form(image_part(small)).split(small)
    with server.connect() as connection:
        length = len(start) + len(small) + 64 * MEBIBYTE + len(end)
        connection.sendall(head(length) + start + small)
        for _ in range(64):
            connection.sendall(bytes(MEBIBYTE))
        connection.sendall(end)
        answer, _ = answer_to(connection)

    assert answer.status == 202
    assert peak_bytes(server.worker) - before < 16 * MEBIBYTE


def test_7_a_body_that_ends_early_is_refused(server: Server) -> None:
    body = form(image_part(pictures.small_jpeg()))
    with server.connect() as connection:
        connection.sendall(head(len(body)) + body[:-1])
        connection.shutdown(socket.SHUT_WR)
        answer, document = answer_to(connection)

    assert (answer.status, document["code"]) == (400, "incomplete-body")


def test_6_a_chunked_body_is_refused_and_the_connection_closed(server: Server) -> None:
    body = form(image_part(pictures.small_jpeg()))
    with server.connect() as connection:
        chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
        connection.sendall(head(None, "Transfer-Encoding: chunked") + chunk)
        answer, document = answer_to(connection)

    assert (answer.status, document["code"]) == (411, "length-required")
    assert answer.headers["Connection"] == "close"


def test_8_a_client_that_is_still_sending_sees_the_refusal(server: Server) -> None:
    length = 200 * MEBIBYTE
    sent = 0
    with server.connect() as connection:
        connection.sendall(head(length))
        try:
            while sent < length:
                sent += connection.send(bytes(MEBIBYTE))
        except OSError:  # the server has hung up; its answer is there to be read
            pass
        answer, document = answer_to(connection)

    assert (answer.status, document["code"]) == (413, "content-too-large")
    assert answer.headers["Connection"] == "close"
    assert sent < length


def test_8_a_client_that_asks_first_is_not_invited(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head(200 * MEBIBYTE, "Expect: 100-continue"))
        assert connection.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 413"


def test_a_client_that_asks_first_is_invited_only_to_be_heard(server: Server) -> None:
    picture = pictures.small_jpeg()
    body = form(part("image", picture, "a.jpg"))
    with server.connect() as connection:
        connection.sendall(head(len(body), "Expect: 100-continue").replace(TOKEN.encode(), b"no"))
        refused, _ = answer_to(connection)
        assert (refused.status, refused.headers["Connection"]) == (401, "close")
        assert not connection.recv(1)
    with server.connect() as connection:
        connection.sendall(head(len(body), "Expect: 100-continue"))
        invitation = connection.recv(1024)
        connection.sendall(body)
        accepted, _ = answer_to(connection)

    assert invitation == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert accepted.status == 202


def test_a_refused_body_does_not_spoil_the_connection(server: Server) -> None:
    body = form(part("image", b"x" * 3 * MEBIBYTE, "a.jpg"))
    with server.connect() as connection:
        connection.sendall(head(len(body)).replace(TOKEN.encode(), b"wrong") + body)
        refused, _ = answer_to(connection)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        healthy, document = answer_to(connection)

    assert (refused.status, healthy.status, document) == (401, 200, {"status": "ok"})


@pytest.mark.parametrize("size", [100, 3 * MEBIBYTE])
def test_a_body_ends_where_the_next_request_starts(server: Server, size: int) -> None:
    body = form(part("image", b"x" * size, "a.jpg"))
    with server.connect() as connection:
        last = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        connection.sendall(head(len(body)) + body + last)
        with connection.makefile("rb") as file:
            answers = file.read()

    uploaded, _, healthy = answers.partition(b"HTTP/1.1 200 OK")
    assert uploaded.startswith(b"HTTP/1.1 202 ")
    assert healthy.endswith(b'{"status":"ok"}')


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=100-", 100, len(RESULT) - 1), ("bytes=-70000", len(RESULT) - 70_000, len(RESULT) - 1),
     ("bytes=1000000-2000000", 1_000_000, 2_000_000)],
)  # fmt: skip
def test_ranges_are_sent_by_the_kernel_and_exact(
    server: Server, asked: str, first: int, last: int
) -> None:
    answered = server.ask("GET", LINK, Range=asked)

    assert answered is not None
    answer, data = answered
    assert answer.status == 206
    assert answer.headers["Content-Length"] == str(last - first + 1)
    assert data == RESULT[first : last + 1]


def test_a_whole_file_and_its_head(server: Server) -> None:
    whole, head_only = server.ask("GET", LINK), server.ask("HEAD", LINK)

    assert whole is not None and head_only is not None
    assert whole[1] == RESULT
    assert head_only[0].headers["Content-Length"] == str(len(RESULT)) and head_only[1] == b""


@pytest.mark.parametrize(
    ("request_head", "status", "code"),
    [
        (b"NONSENSE\r\n\r\n", 400, "bad-request"),
        (b"GET / HTTP/1.1\r\nHost x\r\n\r\n", 400, "bad-request"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", 414, "uri-too-long"),
        (
            b"GET / HTTP/1.1\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
            431,
            "header-fields-too-large",
        ),
    ],
    ids=["no request", "no header", "long address", "long header"],
)
def test_what_is_no_request_is_told_so_in_the_api_s_words(
    server: Server, request_head: bytes, status: int, code: str
) -> None:
    with server.connect() as connection:
        connection.sendall(request_head)
        answer, document = answer_to(connection)

    assert (answer.status, document["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-Id"] == document["requestId"]
    assert document["detail"] and "gunicorn" not in str(document)
    assert {name: answer.headers[name] for name, _ in SECURITY_HEADERS} == dict(SECURITY_HEADERS)


def test_nothing_tells_the_version_of_anything(server: Server) -> None:
    for method, path in (("GET", "/"), ("GET", "/healthz"), ("GET", LINK), ("TRACE", "/")):
        told = server.ask(method, path)
        assert told is not None
        assert not any(digit in told[0].headers.get("Server", "") for digit in "0123456789")
        for name in ("X-Powered-By", "Via", "X-AspNet-Version"):
            assert name not in told[0].headers


def test_two_tokens_are_seen_through_the_server(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head(0, "Authorization: Bearer other"))
        answer, _ = answer_to(connection)

    assert answer.status == 400


def test_a_stop_is_told_to_those_who_ask_and_lets_a_running_upload_end(tmp_path: Path) -> None:
    server = Server(tmp_path)
    body = form(image_part(pictures.small_jpeg()))
    question = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
    with server.connect() as connection, server.connect() as balancer:
        connection.sendall(head(len(body)) + body[:1000])
        balancer.sendall(question)
        before, _ = answer_to(balancer)
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        balancer.sendall(question)
        after, document = answer_to(balancer)
        connection.sendall(body[1000:])
        answer, _ = answer_to(connection)

    assert (before.status, after.status) == (200, 503)
    assert document["code"] == "service-unavailable" and after.headers["Retry-After"]
    assert answer.status == 202
    assert server.stop() == 0
    assert not list(tmp_path.rglob("*.ctl"))


def test_the_api_loads_neither_the_image_engine_nor_the_notifier() -> None:
    script = (
        "import sys, entrypoints.http.app; "
        "print(*{'pyvips', 'apprise', 'adapters', 'boto3'} & set(sys.modules), sep='')"
    )

    loaded = subprocess.check_output([sys.executable, "-c", script], cwd=ROOT, text=True)

    assert loaded == "\n"
