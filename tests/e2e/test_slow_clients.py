"""
Slow clients meet the proxy that ships; for everybody else it is as if they were not there.

One test goes straight to the API: it asks what becomes of a slow client where there is no proxy.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection, HTTPResponse

import pytest
import requests

from tests import pictures
from entrypoints.http.security_headers import SECURITY_HEADERS
from tests.http.house import BOUNDARY
from tests.fronted import FrontedPlatform
from tests.services.haproxy import Proxy

_HEAD = "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "
_BODY = (
    "POST /api/images/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: 2000000\r\n\r\n"
)
_READ = "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"

HEADS, BODIES, READERS = 24, 24, 16
WATCHED_SECONDS = 30.0
# Ten for a request to come, or of silence for an answer to go, and a little; readers beyond the
# proxy's eight places for files wait for those before them.
LONGEST_SECONDS = {_HEAD: 13.0, _BODY: 13.0, _READ: 26.0}
HEALTH_P99_SECONDS = 0.25


class SlowClient:
    """Sends, or reads, a byte now and then, from an address of its own."""

    def __init__(self, proxy: Proxy, address: str, first: str, *, reads: bool = False) -> None:
        self._socket = socket.socket()
        if reads:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.bind((address, 0))
        self._socket.connect(("127.0.0.1", proxy.port))
        self._socket.settimeout(1)
        self._socket.sendall(first.encode())
        self._dawdle = self._read if reads else self._send
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        self._thread.join(timeout=5)
        self._socket.close()

    def _run(self) -> None:
        while not self._stopped.wait(0.5):
            try:
                self._dawdle()
            except OSError:
                return

    def _send(self) -> None:
        self._socket.sendall(b"x")

    def _read(self) -> None:
        self._socket.recv(1)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontedPlatform]:
    with FrontedPlatform(tmp_path_factory.mktemp("slow") / "data") as platform:
        yield platform


@pytest.fixture
def proxy(platform: FrontedPlatform) -> Proxy:
    return platform.proxy


def a_large_result(platform: FrontedPlatform) -> str:
    """Return the path of a link to a result that no buffer on the way swallows."""
    uploaded = platform.upload(pictures.photo_12mp(), format="png")
    platform.wait_for_status(uploaded.task_id, "completed", seconds=120)
    link = platform.get(f"/api/images/{uploaded.image_id}/download").json()["downloadUrl"]
    return str(link).removeprefix(platform.base)


@pytest.mark.alone
def test_64_slow_clients_delay_nobody_and_are_hung_up_on(
    platform: FrontedPlatform, proxy: Proxy
) -> None:
    path = a_large_result(platform)
    kinds = [_HEAD] * HEADS + [_BODY] * BODIES + [_READ] * READERS
    slow = {f"127.0.1.{number + 1}": kind for number, kind in enumerate(kinds)}
    held_until = dict.fromkeys(slow, 0.0)
    health: list[float] = []
    answers: list[int] = []
    with ExitStack() as stack:
        for address, kind in slow.items():
            text = kind.format(token=platform.token, path=path)
            client = SlowClient(proxy, address, text, reads=kind is _READ)
            stack.callback(client.close)
        began = time.monotonic()
        while not proxy.peers() >= set(slow):
            assert time.monotonic() - began < 5
        while (now := time.monotonic() - began) < WATCHED_SECONDS:
            asked = time.monotonic()
            answers.append(requests.get(f"{proxy.base}/healthz", timeout=10).status_code)
            health.append(time.monotonic() - asked)
            if len(health) % 20 == 0:
                upload = platform.post_image(pictures.small_jpeg(), base=proxy.base)
                answers.append(200 if upload.status_code == 202 else upload.status_code)
            held_until |= dict.fromkeys(proxy.peers() & set(slow), now)
            time.sleep(0.05)
        answers.append(requests.get(proxy.base + path, timeout=30).status_code)

    assert set(answers) == {200}
    assert not [
        (address, seconds)
        for address, seconds in held_until.items()
        if seconds > LONGEST_SECONDS[slow[address]]
    ]
    health.sort()
    p99 = health[int(len(health) * 0.99)]
    assert p99 <= HEALTH_P99_SECONDS, f"{p99:.3f} s of {len(health)}"


def test_a_body_that_trickles_in_is_given_up_by_the_api_itself(platform: FrontedPlatform) -> None:
    start = f"--{BOUNDARY}\r\n"
    head = _BODY.format(token=platform.token).replace("2000000", "4000")
    with socket.create_connection(("127.0.0.1", platform.port), timeout=20) as connection:
        connection.sendall((head + start).encode())
        answer = b""
        began = time.monotonic()
        while not answer and time.monotonic() - began < 15:
            connection.sendall(b"x")
            connection.settimeout(0.5)
            with suppress(TimeoutError):
                answer = connection.recv(65536)
        connection.settimeout(10)
        while more := connection.recv(65536):  # until it hangs up
            answer += more

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"/problems/request-timeout" in answer


@pytest.mark.parametrize("path", ["/metrics", "/%6detrics", "//metrics", "/%2fmetrics"])
def test_figures_stay_outside_however_they_are_spelt(
    platform: FrontedPlatform, proxy: Proxy, path: str
) -> None:
    metrics = asked_as_it_is(proxy, "GET", path)

    assert metrics.status == 404
    assert metrics.headers["Content-Type"] == "application/problem+json"
    assert backend_of(f"GET {path} ", platform) == "customers/<NOSRV>"


@pytest.mark.parametrize(
    ("line", "backend"),
    [
        ("POST /api/images/upload", "uploads/api"),
        ("POST /api/images/%75pload", "uploads/api"),
        ("POST //api/images/upload", "uploads/api"),
        ("POST /%61pi/assets", "uploads/api"),
        ("GET /files/a/main/b", "files/api"),
        ("GET /%66iles/a/main/b", "files/api"),
        ("GET /%2ffiles/a/main/b", "files/api"),
        ("GET /api/images", "api/api"),
    ],
)
def test_large_transfers_keep_to_their_places_however_they_are_spelt(
    platform: FrontedPlatform, proxy: Proxy, line: str, backend: str
) -> None:
    method, path = line.split()

    asked_as_it_is(proxy, method, path)

    assert backend_of(f"{line} ", platform) == backend


def asked_as_it_is(proxy: Proxy, method: str, path: str) -> HTTPResponse:
    """Ask for a path that a client with manners would spell another way."""
    with closing(HTTPConnection("127.0.0.1", proxy.port, timeout=10)) as connection:
        connection.request(method, path)
        return connection.getresponse()


def backend_of(line: str, platform: FrontedPlatform) -> str:
    """Return who answered the last request of that line, as the proxy's log has it."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        told = platform.proxy_log_path.read_text().splitlines()
        if found := [one for one in told if line in one]:
            return found[-1].split("] customers ")[1].split()[0]
        time.sleep(0.05)
    raise AssertionError(f"{line} is not in the proxy's log")


def test_what_the_proxy_says_itself_protects_as_the_apis_answers_do(proxy: Proxy) -> None:
    protecting = dict(SECURITY_HEADERS)

    own = requests.get(f"{proxy.base}/metrics", timeout=10).headers
    passed_on = requests.get(f"{proxy.base}/healthz", timeout=10).headers
    page = requests.get(f"{proxy.base}/", timeout=10).headers

    assert {name: own.get(name) for name in protecting} == protecting
    assert {name: passed_on.get(name) for name in protecting} == protecting
    assert "style-src 'sha256-" in page["Content-Security-Policy"]
    assert page["Cache-Control"] == "public, max-age=300"
