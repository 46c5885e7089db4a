"""The API speaking TLS itself, under a certificate of its own making."""

import http.client
import subprocess
from collections.abc import Iterator
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
