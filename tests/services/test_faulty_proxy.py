"""What the faulty proxy does to connections, seen from both ends."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from tests.services.faulty_proxy import FaultyProxy, Toward


class Echo(socketserver.BaseRequestHandler):
    """Sends back what it gets."""

    def handle(self) -> None:
        try:
            while data := self.request.recv(65536):
                self.request.sendall(data)
        except OSError:
            pass


class EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


@pytest.fixture
def proxy() -> Iterator[FaultyProxy]:
    with EchoServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with FaultyProxy(f"127.0.0.1:{server.server_address[1]}") as proxy:
            yield proxy
        server.shutdown()


def connected(proxy: FaultyProxy) -> socket.socket:
    return socket.create_connection((proxy.host, proxy.port), timeout=5)


def received(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := client.recv(count - len(data))):
        data += more
    return data


class TestFaultyProxy:
    def test_passes_on_what_it_gets(self, proxy: FaultyProxy) -> None:
        content = bytes(range(256)) * 800

        with connected(proxy) as client:
            threading.Thread(target=client.sendall, args=(content,)).start()

            assert received(client, len(content)) == content

    def test_passes_on_the_end_of_what_a_client_says(self, proxy: FaultyProxy) -> None:
        with connected(proxy) as client:
            client.sendall(b"all")
            client.shutdown(socket.SHUT_WR)

            assert received(client, 100) == b"all"

    def test_down_resets_and_refuses_until_it_is_healed(self, proxy: FaultyProxy) -> None:
        with connected(proxy) as client:
            client.sendall(b"ping")
            assert received(client, 4) == b"ping"
            port = proxy.port
            proxy.down()

            with pytest.raises(ConnectionResetError):
                client.recv(1)
            with pytest.raises(ConnectionRefusedError):
                connected(proxy)

        proxy.heal()
        assert proxy.port == port
        with connected(proxy) as client:
            client.sendall(b"ping")
            assert received(client, 4) == b"ping"

    def test_reset_ends_what_is_open_only(self, proxy: FaultyProxy) -> None:
        with connected(proxy) as client:
            client.sendall(b"ping")
            received(client, 4)
            proxy.reset()

            with pytest.raises(ConnectionResetError):
                client.recv(1)
        connected(proxy).close()

    def test_latency_and_bandwidth_take_their_time(self, proxy: FaultyProxy) -> None:
        with connected(proxy) as client:
            proxy.latency(0.2)
            started = time.monotonic()
            client.sendall(b"ping")
            received(client, 4)
            assert time.monotonic() - started >= 0.2

            proxy.heal()
            proxy.bandwidth(10_000)
            started = time.monotonic()
            client.sendall(bytes(3_000))
            received(client, 3_000)
            assert 0.2 < time.monotonic() - started < 3

    def test_a_stall_holds_bytes_back_until_it_is_healed(self, proxy: FaultyProxy) -> None:
        with connected(proxy) as client:
            proxy.stall(after=512)
            client.sendall(bytes(1_000))
            assert len(received(client, 512)) == 512
            client.settimeout(0.2)
            with pytest.raises(TimeoutError):
                client.recv(1)

            proxy.heal()
            client.settimeout(5)
            assert len(received(client, 488)) == 488

    def test_swallowed_bytes_never_arrive(self, proxy: FaultyProxy) -> None:
        with connected(proxy) as client:
            proxy.swallow()
            client.sendall(bytes(1_000))
            client.settimeout(0.2)

            with pytest.raises(TimeoutError):
                client.recv(1)

    @pytest.mark.parametrize("reset", [True, False])
    def test_a_connection_is_cut_where_it_is_told(self, proxy: FaultyProxy, reset: bool) -> None:
        proxy.cut(after=600, reset=reset, times=1)

        with connected(proxy) as client:
            client.sendall(bytes(1_000))
            if reset:
                with pytest.raises(ConnectionResetError):
                    received(client, 1_000)
            else:
                assert len(received(client, 1_000)) == 600
        with connected(proxy) as client:
            client.sendall(bytes(1_000))
            assert len(received(client, 1_000)) == 1_000

    def test_bytes_are_flipped_where_and_as_often_as_told(self, proxy: FaultyProxy) -> None:
        proxy.flip(every=3, toward=Toward.SERVER, times=2)

        with connected(proxy) as client:
            client.sendall(bytes(10))

            assert received(client, 10) == b"\0\0\xff\0\0\xff\0\0\0\0"

    def test_answers_in_the_servers_stead(self, proxy: FaultyProxy) -> None:
        proxy.answer(rb"GET ", b"no", every=2)

        answers = []
        for _ in range(4):
            with connected(proxy) as client:
                client.sendall(b"GET it")
                client.shutdown(socket.SHUT_WR)
                answers.append(received(client, 6))

        assert answers == [b"GET it", b"no", b"GET it", b"no"]

    def test_loses_one_answer(self, proxy: FaultyProxy) -> None:
        proxy.lose_answer(rb"GET ")

        with connected(proxy) as client, pytest.raises(ConnectionResetError):
            client.sendall(b"GET it")
            received(client, 6)
        with connected(proxy) as client:
            client.sendall(b"GET it")
            assert received(client, 6) == b"GET it"
