"""The API speaking TLS itself, under a certificate of its own making."""

import http.client
import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import pictures
from tests.http.house import form, image_part
from tests.http.test_server import Server, answer_to, head


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    make_certificate(certificate, key)
    server = Server(
        folder,
        SAFELIGHT_HTTP_TLS_CERTIFICATE=str(certificate),
        SAFELIGHT_HTTP_TLS_KEY=str(key),
    )
    yield server
    assert server.stop() == 0


def make_certificate(certificate: Path, key: Path) -> None:
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
    subprocess.run(
        [*command.split(), "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        + ["-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
        timeout=30,
    )


@pytest.mark.parametrize("padding", [0, 3_000_000], ids=["small", "large"])
def test_an_upload_comes_in_whole(server: Server, padding: int) -> None:
    body = form(image_part(pictures.small_jpeg() + bytes(padding)))
    assert server.trusted is not None
    with server.trusted.wrap_socket(server.connect(), server_hostname="127.0.0.1") as connection:
        assert connection.version() in ("TLSv1.2", "TLSv1.3")
        connection.sendall(head(len(body)) + body)
        answer, _ = answer_to(connection)

    assert answer.status == 202


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_who_speaks_no_tls_of_today_is_hung_up_on(server: Server, tmp_path: Path) -> None:
    """A lax server of our own would have taken them: it is not they who cannot."""
    make_certificate(tmp_path / "certificate.pem", tmp_path / "key.pem")
    lax = old(ssl.PROTOCOL_TLS_SERVER)
    lax.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    ours, theirs = socket.socketpair()
    with ThreadPoolExecutor(1) as other, ours, theirs:
        taken = other.submit(lax.wrap_socket, theirs, server_side=True)
        with old(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(ours) as connection:
            assert connection.version() == "TLSv1.1"
        taken.result(10).close()

    with server.connect() as plain, pytest.raises((ssl.SSLError, ConnectionError)):
        old(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(plain)


def old(protocol: int) -> ssl.SSLContext:
    """Return what speaks TLS 1.1 and nothing newer."""
    context = ssl.SSLContext(protocol)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def test_answers_say_that_only_tls_will_do(server: Server) -> None:
    answer = server.ask("GET", "/")

    assert answer is not None
    assert answer[0].headers["Strict-Transport-Security"] == "max-age=31536000"


def test_so_does_what_is_said_to_what_is_no_request(server: Server) -> None:
    assert server.trusted is not None
    with server.trusted.wrap_socket(server.connect(), server_hostname="127.0.0.1") as connection:
        connection.sendall(b"NONSENSE\r\n\r\n")
        answer = http.client.HTTPResponse(connection)
        answer.begin()

    assert answer.status == 400
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_who_does_not_speak_tls_is_hung_up_on_and_nobody_else_is(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"200 OK" not in connection.recv(1000)

    answer = server.ask("GET", "/healthz")
    assert answer is not None
    assert answer[0].status == 200
