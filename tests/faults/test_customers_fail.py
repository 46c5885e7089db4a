"""F22 to F25: mail servers and customers' servers that are away, refuse, redirect, or go on and on."""

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from tests import pictures
from tests.faults.engines import embedded
from tests.faults.rig import WHOLE, Rig, rigged, wait_until
from tests.faults.test_messages import change
from tests.running import RunningPlatform
from tests.unit.adapters.notification.sinks import MailSink

MAIL = {"SMTP_TLS": "none", "SMTP_HOST": "127.0.0.1"}


@pytest.mark.slow
def test_f22_a_mail_server_that_is_away_refuses_or_says_nothing(
    request: pytest.FixtureRequest, tmp_path: Path
):
    """Pictures are done regardless; a bad day is tried again, a refused mailbox is final."""
    sink = MailSink()
    with (
        sink.running() as port,
        rigged(tmp_path, embedded(request), **MAIL, SMTP_PORT=str(port)) as rig,
    ):
        sink.answer_to_recipient = "550 no such user"
        final = deliver(rig, "failed")
        assert "550" in final["lastError"]

        sink.answer_to_recipient = "451 try later"
        pending = rig.platform.upload(pictures.small_jpeg(), resize="16x16").task_id
        wait_until(lambda: delivery_of(rig, pending).get("attempts") == 1)
        assert rig.platform.task(pending)["status"] == "completed"
        assert delivery_of(rig, pending)["status"] == "pending"

        sink.answer_to_recipient = "250 OK"
        change(rig.platform, "update deliveries set due_at = '2020-01-01T00:00:00.000Z'")
        wait_until(lambda: delivery_of(rig, pending)["status"] == "delivered")
        assert delivery_of(rig, pending)["attempts"] == 2

    folder = tmp_path / "silent"
    folder.mkdir()
    with (
        silent_server() as port,
        rigged(folder, embedded(request), **MAIL, SMTP_PORT=str(port)) as rig,
    ):
        silent = rig.platform.upload(pictures.small_jpeg(), resize="16x16").task_id
        rig.platform.wait_for_status(silent, "completed")
        wait_until(lambda: delivery_of(rig, silent).get("attempts") == 1, 60)
        assert delivery_of(rig, silent)["status"] == "pending"


@pytest.mark.slow
def test_f23_a_customer_s_server_that_stumbles(request: pytest.FixtureRequest, tmp_path: Path):
    """Called again, under the same id, until it has answered once."""
    with rigged(tmp_path, embedded(request)) as rig:
        rig.sink.fail_next(3)
        load = rig.load(1)
        load.join()

        def called_again() -> bool:
            # Over and over: a call is there a moment before its outcome, and when the next is due.
            change(
                rig.platform,
                "update deliveries set due_at = '2020-01-01T00:00:00.000Z' where attempts > 0",
            )
            return len(rig.sink.calls) == 4

        wait_until(called_again)
        rig.platform.wait_until_quiet()
        assert [call.answered for call in rig.sink.calls] == [500, 500, 500, 204]
        assert len({call.headers["webhook-id"] for call in rig.sink.calls}) == 1
        assert len({call.headers["webhook-signature"] for call in rig.sink.calls}) >= 1
        rig.verdict("F23")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("redirect", "pending"),
        ("gone", "failed"),
        ("busy", "pending"),
        *([("busy_until", "pending")] if WHOLE else []),
        ("endless", "delivered"),
        ("bomb", "delivered"),
    ],
)
def test_f24_f25_a_customer_s_server_with_something_in_mind(
    answer: str, status: str, request: pytest.FixtureRequest, tmp_path: Path
):
    """No redirect is followed, no body read to its end, and a wish to wait is granted."""
    with CunningServer(answer) as server, rigged(tmp_path, embedded(request)) as rig:
        started = time.monotonic()
        uploaded = rig.platform.upload(
            pictures.small_jpeg(), resize="16x16", notify={"webhook": server.url}
        )
        rig.platform.wait_for_status(uploaded.task_id, "completed")
        wait_until(lambda: webhook_of(rig, uploaded.task_id).get("attempts") == 1)
        assert time.monotonic() - started < 20

        assert webhook_of(rig, uploaded.task_id)["status"] == status
        assert server.canary_calls == 0
        assert server.sent < 4_000_000
        if answer.startswith("busy"):
            [(due,)] = rig.platform.rows(
                "select (julianday(due_at) - julianday('now')) * 86400 from deliveries"
                " where channel = 'webhook'"
            )
            assert 100 < due < 160


@pytest.mark.slow
def test_f25_a_receiver_that_wants_no_more_is_called_no_more(
    request: pytest.FixtureRequest, tmp_path: Path
):
    """Its owner is told by e-mail, once, and has it called again by adding it again."""
    with CunningServer("gone") as server, rigged(tmp_path, embedded(request)) as rig:
        platform = rig.platform
        added = add_webhook(platform, server.url)
        assert added["disabledAt"] is None

        first = platform.upload(pictures.small_jpeg(), resize="16x16").task_id
        wait_until(lambda: webhook_of(rig, first).get("status") == "failed")
        [kept] = platform.get("/api/webhooks").json()["webhooks"]
        assert kept["id"] == added["id"] and kept["disabledAt"] is not None
        wait_until(lambda: len(letters_about_webhooks(platform)) == 1)

        second = platform.upload(pictures.small_jpeg(), resize="16x16").task_id
        platform.wait_for_status(second, "completed")
        wait_until(lambda: delivery_of(rig, second).get("status") == "delivered")
        assert webhook_of(rig, second) == {}
        assert server.calls == 1

        assert add_webhook(platform, server.url) == added
        third = platform.upload(pictures.small_jpeg(), resize="16x16").task_id
        wait_until(lambda: webhook_of(rig, third).get("status") == "failed")
        assert server.calls == 2


def add_webhook(platform: RunningPlatform, url: str) -> dict[str, Any]:
    answer = requests.post(
        f"{platform.base}/api/webhooks",
        json={"url": url},
        headers={"Authorization": f"Bearer {platform.token}"},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def letters_about_webhooks(platform: RunningPlatform) -> list[Path]:
    """The mails that say so; without a mail server each is a file."""
    return [
        path
        for path in (platform.folder / "mail").glob("*.eml")
        if b"A webhook of yours is called no more" in path.read_bytes()
    ]


def deliver(rig: Rig, status: str) -> dict[str, Any]:
    """Have a picture done, and return what became of the mail about it."""
    task_id = rig.platform.upload(pictures.small_jpeg(), resize="16x16").task_id
    rig.platform.wait_for_status(task_id, "completed")
    wait_until(lambda: delivery_of(rig, task_id).get("status") == status)
    return delivery_of(rig, task_id)


def delivery_of(rig: Rig, task_id: str, channel: str = "email") -> dict[str, Any]:
    for delivery in rig.platform.task(task_id)["deliveries"]:
        if delivery["channel"] == channel:
            return dict(delivery)
    return {}


def webhook_of(rig: Rig, task_id: str) -> dict[str, Any]:
    return delivery_of(rig, task_id, "webhook")


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """Accept connections and say nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        kept: list[socket.socket] = []

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    kept.append(listener.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        for connection in kept:
            connection.close()


class CunningServer:
    """
    Answers a webhook in one of these ways: redirect, gone, busy, busy_until, endless, bomb.

    Attributes:
        calls: How often it was called.
        canary_calls: How often the place was called that the redirect leads to.
        sent: Bytes of the body that somebody has taken.
    """

    def __init__(self, answer: str) -> None:
        self.calls = 0
        self.canary_calls = 0
        self.sent = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                owner.calls += 1
                if self.path == "/canary":
                    owner.canary_calls += 1
                with contextlib.suppress(OSError):
                    getattr(owner, f"_{answer}")(self)

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def __enter__(self) -> "CunningServer":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _redirect(self, handler: BaseHTTPRequestHandler) -> None:
        self._head(handler, 307, Location="/canary")

    def _gone(self, handler: BaseHTTPRequestHandler) -> None:
        self._head(handler, 410)

    def _busy(self, handler: BaseHTTPRequestHandler) -> None:
        self._head(handler, 429, **{"Retry-After": "120"})

    def _busy_until(self, handler: BaseHTTPRequestHandler) -> None:
        moment = format_datetime(datetime.now(UTC) + timedelta(seconds=121), usegmt=True)
        self._head(handler, 429, **{"Retry-After": moment})

    def _endless(self, handler: BaseHTTPRequestHandler) -> None:
        self._head(handler, 200, length=None)
        self._pour(handler, bytes(65_536))

    def _bomb(self, handler: BaseHTTPRequestHandler) -> None:
        self._head(handler, 200, length=None, **{"Content-Encoding": "gzip"})
        self._pour(handler, gzip.compress(bytes(50_000_000)))

    def _pour(self, handler: BaseHTTPRequestHandler, chunk: bytes) -> None:
        while self.sent < 50_000_000:
            handler.wfile.write(chunk)
            self.sent += len(chunk)

    @staticmethod
    def _head(
        handler: BaseHTTPRequestHandler, status: int, *, length: int | None = 0, **headers: str
    ) -> None:
        handler.send_response(status)
        for name, text in headers.items():
            handler.send_header(name, text)
        if length is not None:
            handler.send_header("Content-Length", str(length))
        handler.end_headers()
