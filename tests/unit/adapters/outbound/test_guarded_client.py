"""The client for customers' URLs, against servers that mean ill."""

import gzip
import inspect
import socket
import ssl
import struct
import threading
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from adapters.outbound.deadline_socket import DeadlineSocket
from adapters.outbound.guarded_client import GuardedClient
from adapters.outbound.rules import CallFailed, CallForbidden, OutboundRules
from tests.unit.adapters.notification.sinks import (
    Certificate,
    WebhookSink,
    make_certificate,
    make_expired_certificate,
    raw_server,
)

LOOPBACK = ip_network("127.0.0.0/8")
PUBLIC = "93.184.215.14"  # nothing here ever connects to it
RULES = ("allowed_networks", "allow_plain_http", "ports", "plain_ports", "resolve")
SYSTEM_TLS = ssl.create_default_context()  # shared, for it is slow to make


class Names:
    """A resolver that knows what a test tells it, and counts the questions."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.questions: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.questions.append((host, port))
        return self._answers[min(len(self.questions), len(self._answers)) - 1]


def a_client(**overrides: Any) -> GuardedClient:
    """A client as customers' URLs meet it."""
    rules = {name: overrides.pop(name) for name in RULES if name in overrides}
    return GuardedClient(OutboundRules(**rules), **({"tls": SYSTEM_TLS} | overrides))


def local_client(**overrides: Any) -> GuardedClient:
    """A client that may call this machine."""
    return a_client(**({"allowed_networks": [LOOPBACK]} | overrides))


def pour(connection: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection.sendall(bytes(65_536))


@pytest.fixture
def sink() -> Iterator[WebhookSink]:
    with WebhookSink().running() as sink:
        yield sink


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"), "DNS:hook.test,IP:127.0.0.1")


FORBIDDEN = [
    # Forms that only look harmless.
    "",
    "hook.example",
    "//127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/",
    "ftp://127.0.0.1:{port}/",
    "javascript:alert(1)",
    "http:127.0.0.1:{port}",
    "http://",
    "http://:{port}/",
    "http:///path",
    "http://user@127.0.0.1:{port}/",
    "http://user:pw@127.0.0.1:{port}/",
    "http://8.8.8.8@127.0.0.1:{port}/",
    "http://8.8.8.8\\@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@8.8.8.8/",
    "http://8.8.8.8 @127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/ HTTP/1.1\r\nX: y",
    "http://127.0.0.1:{port}/\tx",
    "http://\u2460\u2461\u2466.0.0.1:{port}/",
    "http://127\u30020\u30020\u30021:{port}/",
    "http://loc\u00e4lhost:{port}/",
    "http://[::1%25lo]:{port}/",
    "http://[::1:{port}/",
    "http://[v1.x]:{port}/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:x/",
    "http://127.0.0.1:0/",
    "http://%31%32%37.0.0.1:{port}/",
    # Ways to write this machine.
    "http://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/",
    "HTTP://127.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://0x7f.1:{port}/",
    "http://0x7f000001:{port}/",
    "http://2130706433:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://017700000001:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://127.9.9.9:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[64:ff9b:1::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[2001:0:7f00:1::]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://[fec0::1]:{port}/",
    "http://[ff02::1]:{port}/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.100.100.200/latest/meta-data/",
    "http://192.0.0.192/opc/v1/instance/",
    "http://168.63.129.16/machine",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    # Public, but not by these doors.
    f"http://{PUBLIC}/",
    f"http://{PUBLIC}:8443/",
    f"https://{PUBLIC}:22/",
    f"https://{PUBLIC}:25/",
    f"https://{PUBLIC}:6379/",
]


class TestWhatIsNotCalled:
    @pytest.mark.parametrize("url", FORBIDDEN)
    def test_a_url_that_leads_inside_is_not_called(self, url: str, sink: WebhookSink) -> None:
        with pytest.raises(CallForbidden) as refusal:
            a_client().post(url.replace("{port}", str(sink.port)), {}, b"")

        assert sink.requests == []
        assert "127" not in str(refusal.value)

    @pytest.mark.parametrize(
        "addresses",
        [["127.0.0.1"], [PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], [PUBLIC, "::1"]]
        + [[PUBLIC, "64:ff9b::7f00:1"], ["169.254.169.254"], ["::ffff:127.0.0.1"]],
        ids=str,
    )
    def test_one_address_inside_spoils_the_name(self, addresses: list[str]) -> None:
        with pytest.raises(CallForbidden):
            a_client(resolve=Names(addresses)).post("https://hook.test/", {}, b"")

    def test_a_name_that_changes_its_answer_is_asked_once(self, sink: WebhookSink) -> None:
        names = Names(["127.0.0.1"], ["10.0.0.1"])

        answer = local_client(resolve=names).post(f"http://hook.test:{sink.port}/", {}, b"")

        assert answer.status == 204
        assert names.questions == [("hook.test", sink.port)]

    @pytest.mark.parametrize(
        "netloc",
        ["user@hook.test", "user:pw@hook.test", "@hook.test", "hook.test@hook.test", "hook_.test:x"]
        + ["hook..test", "[2606:4700:4700::1111%25eth0]", f"{PUBLIC}.5", "hook%2etest", "hook.123"],
    )
    def test_what_two_programs_could_read_in_two_ways_is_not_called(self, netloc: str) -> None:
        """Though it leads to a place that may be."""
        names = Names([PUBLIC])

        with pytest.raises(CallForbidden, match="malformed"):
            a_client(resolve=names).check(f"https://{netloc}/")

        assert names.questions == []

    @pytest.mark.parametrize(
        "host", ["database", "db.internal", "printer.local.", "x.home.arpa", "localhost", "127.1"]
    )
    def test_nobody_is_asked_for_a_name_that_is_local(self, host: str) -> None:
        """Or whoever has an account would learn by the answers what names there are inside."""
        names = Names([PUBLIC])

        with pytest.raises(CallForbidden):
            a_client(resolve=names).check(f"https://{host}/")

        assert names.questions == []

    def test_where_a_network_is_trusted_its_names_are_asked_for(self) -> None:
        client = local_client(resolve=Names(["127.0.0.1"]))

        client.check("http://database:5432/")

    @pytest.mark.parametrize("address", [PUBLIC, "2606:4700:4700::1111"])
    def test_the_public_internet_is_open_by_the_usual_doors(self, address: str) -> None:
        client = a_client(resolve=Names([address]))

        for url in ("https://hook.test", "https://hook.test:8443/x", "https://hook.test:443/?y"):
            client.check(url)
        for url in ("http://hook.test/", "https://hook.test:9000/"):
            with pytest.raises(CallForbidden):
                client.check(url)

    def test_plain_http_and_other_ports_may_be_allowed(self) -> None:
        client = a_client(resolve=Names([PUBLIC]), allow_plain_http=True, plain_ports=[9_000])

        client.check("http://hook.test:9000/")
        with pytest.raises(CallForbidden):
            client.check("http://hook.test/")

    def test_a_trusted_network_opens_itself_only(self, sink: WebhookSink) -> None:
        client = local_client(resolve=Names(["127.0.0.1", "10.0.0.1"]))

        with pytest.raises(CallForbidden):
            client.post(f"http://hook.test:{sink.port}/", {}, b"")
        with pytest.raises(CallForbidden):
            client.post(f"http://[::1]:{sink.port}/", {}, b"")

    def test_redirects_are_answers(self, sink: WebhookSink) -> None:
        with WebhookSink().running() as canary:
            for sink.status in (301, 302, 303, 307, 308):
                sink.headers = {"Location": f"http://127.0.0.1:{canary.port}/"}

                answer = local_client().post(f"http://127.0.0.1:{sink.port}/", {}, b"")

                assert answer.status == sink.status
            assert canary.requests == []

    def test_proxies_of_the_environment_are_not_used(
        self, sink: WebhookSink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with WebhookSink().running() as canary:
            for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")

            local_client().post(f"http://127.0.0.1:{sink.port}/", {}, b"")

            assert canary.requests == []
            assert len(sink.requests) == 1


class TestWhatIsSent:
    def test_path_query_host_headers_and_body_arrive(self, sink: WebhookSink) -> None:
        client = local_client(resolve=Names(["127.0.0.1"]))

        answer = client.post(
            f"http://hook.test:{sink.port}/a/b;c?d=e&f#g", {"X-One": "1"}, b"\0body"
        )

        (request,) = sink.requests
        assert answer.status == 204
        assert request.path == "/a/b;c?d=e&f"
        assert request.headers["Host"] == f"hook.test:{sink.port}"
        assert request.headers["X-One"] == "1"
        assert request.body == b"\0body"

    def test_the_next_address_is_tried_when_the_first_is_dead(self, sink: WebhookSink) -> None:
        client = local_client(resolve=Names(["127.0.0.2", "127.0.0.1"]))

        assert client.post(f"http://hook.test:{sink.port}/", {}, b"").status == 204

    def test_tls_keeps_the_name_and_goes_to_the_checked_address(
        self, certificate: Certificate
    ) -> None:
        asked_for: list[str | None] = []
        server = certificate.for_server()
        server.sni_callback = lambda _socket, name, _context: asked_for.append(name)
        client = local_client(resolve=Names(["127.0.0.1"]), tls=certificate.for_client())

        with WebhookSink(server).running() as sink:
            answer = client.post(f"https://hook.test:{sink.port}/", {}, b"")

        assert answer.status == 204
        assert asked_for == ["hook.test"]

    @pytest.mark.parametrize("trusts", [True, False])
    def test_a_certificate_that_does_not_fit_ends_the_call(
        self, certificate: Certificate, trusts: bool
    ) -> None:
        name = "other.test" if trusts else "hook.test"
        tls = certificate.for_client() if trusts else SYSTEM_TLS
        client = local_client(resolve=Names(["127.0.0.1"]), tls=tls)

        with WebhookSink(certificate.for_server()).running() as sink:
            with pytest.raises(CallFailed, match="certificate"):
                client.post(f"https://{name}:{sink.port}/", {}, b"")

            assert sink.requests == []

    def test_a_certificate_whose_time_is_over_ends_the_call(self, tmp_path: Path) -> None:
        expired = make_expired_certificate(tmp_path, "hook.test")
        client = local_client(resolve=Names(["127.0.0.1"]), tls=expired.for_client())

        with WebhookSink(expired.for_server()).running() as sink:
            with pytest.raises(CallFailed, match="certificate"):
                client.post(f"https://hook.test:{sink.port}/", {}, b"")

            assert sink.requests == []


class TestReceiversThatMisbehave:
    """Each would hold a careless client for ever, or fill its memory."""

    def post(self, port: int, **settings: Any) -> int:
        client = local_client(**({"total_seconds": 0.4, "connect_seconds": 0.3} | settings))
        return client.post(f"http://127.0.0.1:{port}/", {}, b"body").status

    @staticmethod
    def drip(connection: socket.socket, content: bytes) -> None:
        for position in range(len(content)):
            connection.sendall(content[position : position + 1])
            time.sleep(0.02)

    def fails_in_time(self, port: int, reason: str, seconds: float = 0.6) -> None:
        started = time.monotonic()
        with pytest.raises(CallFailed, match=reason):
            self.post(port)
        assert time.monotonic() - started < seconds

    def test_one_that_says_nothing(self) -> None:
        with raw_server(lambda connection: time.sleep(2)) as port:
            self.fails_in_time(port, "in time")

    def test_one_that_drips_its_status_line(self) -> None:
        with raw_server(lambda connection: self.drip(connection, b"HTTP/1.1 200 " * 20)) as port:
            self.fails_in_time(port, "in time")

    def test_one_that_drips_headers(self) -> None:
        content = b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100
        with raw_server(lambda connection: self.drip(connection, content)) as port:
            self.fails_in_time(port, "in time")

    def test_one_that_drips_its_body_has_answered_all_the_same(self) -> None:
        def answer(connection: socket.socket) -> None:
            connection.sendall(b"HTTP/1.1 202 OK\r\nContent-Length: 999\r\n\r\n")
            self.drip(connection, b"x" * 999)

        started = time.monotonic()
        with raw_server(answer) as port:
            assert self.post(port) == 202
        assert time.monotonic() - started < 0.6

    def test_one_that_never_stops_talking(self) -> None:
        sent: list[int] = []

        def answer(connection: socket.socket) -> None:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                connection.sendall(b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n")
                sent.append(0xFFFF)

        with raw_server(answer) as port:
            assert self.post(port, total_seconds=5) == 200
        assert sum(sent) < 20_000_000  # what fits into the sockets' buffers

    def test_of_an_endless_body_64_kib_are_read(self) -> None:
        """To the byte; no more than the sockets' buffers hold leaves the peer."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            threading.Thread(target=pour, args=(theirs,), daemon=True).start()
            reader = DeadlineSocket(ours, time.monotonic() + 5, 65_536).makefile("rb")

            received = 0
            with pytest.raises(ConnectionAbortedError):
                while True:
                    received += len(reader.read(1))

        assert received == 65_536

    def test_a_bomb_is_not_unpacked(self) -> None:
        bomb = gzip.compress(bytes(20_000_000))

        def answer(connection: socket.socket) -> None:
            connection.recv(65_536)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
                % len(bomb)
            )
            connection.sendall(bomb)

        tracemalloc.start()
        try:
            with raw_server(answer) as port:
                assert self.post(port, total_seconds=5) == 200
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 2_000_000

    def test_one_that_answers_before_it_has_heard(self) -> None:
        def answer(connection: socket.socket) -> None:
            connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
            time.sleep(0.1)

        with raw_server(answer) as port:
            assert self.post(port) == 202

    def test_one_that_answers_and_is_gone(self) -> None:
        """Its answer may be lost with the connection; then it is called again."""

        def answer(connection: socket.socket) -> None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

        with raw_server(answer) as port, suppress(CallFailed):
            assert self.post(port) == 200

    def test_the_whole_call_has_fifteen_seconds_unless_told_otherwise(self) -> None:
        limits = inspect.signature(GuardedClient).parameters

        assert limits["connect_seconds"].default == 5
        assert limits["total_seconds"].default == 15
        assert limits["max_answer_bytes"].default == 65_536

    @pytest.mark.parametrize(
        "content",
        [
            b"A: b\r\n" * 20_000,
            b"A: " + b"b" * 200_000,
            b"A: b\r\n" * 101 + b"\r\n",
            b"A: b\r\n" * 1_000 + b"\r\n",
            b"A: " + b"b" * 1_000_000 + b"\r\n\r\n",
        ],
        ids=["many headers", "a long header", "too many headers", "1,000 headers", "1 MB"],
    )
    def test_one_with_too_much_in_its_head(self, content: bytes) -> None:
        def answer(connection: socket.socket) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + content)

        with raw_server(answer) as port, pytest.raises(CallFailed):
            self.post(port)

    def test_one_that_goes_on_saying_continue(self) -> None:
        def answer(connection: socket.socket) -> None:
            while True:
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

        with raw_server(answer) as port:
            self.fails_in_time(port, "HTTP|in time|connection")

    @pytest.mark.parametrize(
        "content",
        [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\0" * 100, b"HTTP/1"],
    )
    def test_one_that_speaks_something_else(self, content: bytes) -> None:
        with raw_server(lambda connection: connection.sendall(content)) as port:
            self.fails_in_time(port, "HTTP|connection")

    def test_one_that_never_finishes_its_handshake(self, certificate: Certificate) -> None:
        client = local_client(tls=certificate.for_client(), connect_seconds=0.2)

        started = time.monotonic()
        with raw_server(lambda connection: time.sleep(2)) as port:
            with pytest.raises(CallFailed, match="in time"):
                client.post(f"https://127.0.0.1:{port}/", {}, b"")
        assert time.monotonic() - started < 0.5

    def test_a_resolver_that_hangs(self) -> None:
        held = threading.Event()
        client = a_client(
            resolve=lambda host, port: [PUBLIC] if held.wait(5) else [], connect_seconds=0.1
        )

        started = time.monotonic()
        with pytest.raises(CallFailed, match="in time"):
            client.post("https://hook.test/", {}, b"")
        held.set()
        assert time.monotonic() - started < 0.4

    def test_a_resolver_that_hangs_collects_no_threads(self) -> None:
        held = threading.Event()
        client = a_client(
            resolve=lambda host, port: [PUBLIC] if held.wait(5) else [], connect_seconds=0.2
        )

        with ThreadPoolExecutor(40) as pool:
            calls = [pool.submit(client.check, "https://hook.test/") for _ in range(40)]
            assert all("in time" in str(call.exception(5)) for call in calls)
            asking = [one for one in threading.enumerate() if one.name == "resolve"]
        held.set()
        for one in asking:
            one.join(5)

        assert len(asking) == 16
        client.check("https://hook.test/")  # room again for whoever asks next

    @pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label")])
    def test_a_name_that_does_not_resolve(self, error: Exception) -> None:
        def resolve(host: str, port: int) -> list[str]:
            raise error

        with pytest.raises(CallFailed, match="does not resolve"):
            a_client(resolve=resolve).post("https://hook.test/", {}, b"")
