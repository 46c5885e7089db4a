"""The command line: it teaches, and it says in a line what an operator can mend."""

import base64
import http.client
import io
import json
import os
import socket
import subprocess
import threading
import time
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from standardwebhooks import Webhook

from adapters.messaging.kombu_inbox import KombuInbox
from adapters.messaging.kombu_publisher import KombuPublisher
from adapters.messaging.sqlite_transport import url_of
from application.ports.message_publisher import Message
from entrypoints.cli.log_view import LogView
from entrypoints.cli.webhook_listener import receiver
from tests.services.postgres import Postgres
from tests.services.seaweedfs import S3Service

ROOT = Path(__file__).parents[3]


def safelight(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command as an operator does."""
    kept = {name: text for name, text in os.environ.items() if "SAFELIGHT" not in name}
    return subprocess.run(
        [str(ROOT / "safelight"), *words],
        env=kept | {"NO_COLOR": "1", "COLUMNS": "100"} | environ,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_help_names_every_command_and_the_way_to_start() -> None:
    outcome = safelight("--help")

    assert outcome.returncode == 0
    for command in ("up", "api", "image-worker", "notifier", "relay", "migrate", "settings"):
        assert f" {command} " in outcome.stdout
    assert "Start with safelight up" in outcome.stdout


def test_the_folder_that_one_is_in_is_no_place_to_look_for_code(tmp_path: Path) -> None:
    planted = tmp_path / "entrypoints"
    planted.mkdir()
    (planted / "__init__.py").write_text("raise SystemExit('planted')")

    outcome = subprocess.run(
        [str(ROOT / "safelight"), "--version"], cwd=tmp_path, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip

    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_wrong_settings_are_all_told_without_a_stack_trace() -> None:
    outcome = safelight("up", SAFELIGHT_HTTP_WORKERS="0", SAFELIGHT_TOKEN_KEY="x")

    assert outcome.returncode == 2
    assert "2 settings are wrong" in outcome.stderr
    assert "did you mean SAFELIGHT_TOKENS_KEY?" in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize("command", ["up", "api", "image-worker", "notifier", "relay", "migrate"])
def test_no_process_starts_with_a_weak_key(command: str, tmp_path: Path) -> None:
    weak = {"TOKENS": "change-me-" * 4, "LINKS": "0" * 64, "WEBHOOK": "short"}

    outcome = safelight(
        command,
        SAFELIGHT_DATA_DIR=str(tmp_path / "data"),
        **{f"SAFELIGHT_{name}_KEY": key for name, key in weak.items()},
    )

    assert outcome.returncode == 2
    assert "3 settings are wrong" in outcome.stderr
    assert not any(key in outcome.stderr + outcome.stdout for key in weak.values())
    assert not (tmp_path / "data").exists()


def test_a_taken_port_is_told_with_a_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = safelight("up", PORT=str(port), SAFELIGHT_DATA_DIR=str(tmp_path / "data"))

    assert outcome.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in outcome.stderr
    assert f"PORT={port + 1}" in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1


def test_a_data_directory_that_cannot_be_made_is_told_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    outcome = safelight("migrate", SAFELIGHT_DATA_DIR=str(tmp_path / "file" / "data"))

    assert outcome.returncode == 1
    assert "set SAFELIGHT_DATA_DIR to another" in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1


def test_a_process_does_not_start_over_a_database_that_is_not_there(tmp_path: Path) -> None:
    outcome = safelight("relay", SAFELIGHT_DATA_DIR=str(tmp_path))

    assert outcome.returncode == 1
    assert "run `safelight migrate` first" in outcome.stderr


def test_migrating_twice_changes_nothing_and_leaves_keys_for_our_eyes_only(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = safelight("migrate", SAFELIGHT_DATA_DIR=str(data))
    second = safelight("migrate", SAFELIGHT_DATA_DIR=str(data))

    assert first.stdout.startswith("Applied: 0001")
    assert second.stdout == "The database is up to date.\n"
    assert {path.stat().st_mode & 0o777 for path in (data / "keys").iterdir()} == {0o600}
    assert data.stat().st_mode & 0o777 == 0o700


def test_listening_without_a_secret_is_told_where_to_find_it() -> None:
    outcome = safelight("listen")

    assert outcome.returncode == 2
    assert "--secret" in outcome.stderr and "GET /api/webhooks" in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1


class TestLogView:
    """The logs of several processes as one."""

    def test_json_becomes_a_line_for_people(self) -> None:
        stream = io.StringIO()
        view = LogView(("api",), raw=False, stream=stream)

        view.show(
            "api",
            b'{"event":"request","level":"info","ts":"2026-03-14T12:00:01.123Z","ms":1.7,'
            b'"method":"GET","status":200,"request_id":"fd8336eac5164214adef6b3380e0537e",'
            b'"user_id":"58c07a79-63b9-4254-9504-9d1265c660a3","error":"none"}',
        )
        view.show("api", b"not json")

        assert stream.getvalue().splitlines() == [
            "api          12:00:01.123 request GET 200 1.7 ms  request=fd8336ea  error=none",
            "api          not json",
        ]

    def test_what_a_customer_chose_cannot_steer_the_terminal(self) -> None:
        stream = io.StringIO()
        view = LogView(("api",), raw=False, stream=stream)

        view.show("api", json.dumps({"event": "x", "label": "\x1b[2J\nforged"}).encode())

        assert "\x1b" not in stream.getvalue()
        assert len(stream.getvalue().splitlines()) == 1

    def test_raw_lines_pass_as_they_are_and_our_own_are_json_too(self) -> None:
        stream = io.StringIO()
        view = LogView(("api",), raw=True, stream=stream)

        view.show("api", b'{"event":"request"}')
        view.say("ready")
        view.announce("for people")

        first, second = stream.getvalue().splitlines()
        assert first == '{"event":"request"}'
        assert json.loads(second)["event"] == "ready"


class TestListen:
    """The receiver for trying out."""

    @pytest.mark.parametrize(("forged", "status"), [(False, 204), (True, 401)])
    def test_genuine_calls_are_accepted_and_forged_ones_refused(
        self, forged: bool, status: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        key = b"k" * 32
        body = b'{"type":"task.completed"}'
        now = int(time.time())
        secret = Webhook("whsec_" + base64.b64encode(b"j" * 32 if forged else key).decode())
        signature = secret.sign("id-1", datetime.fromtimestamp(now, UTC), body.decode())
        server = ThreadingHTTPServer(("127.0.0.1", 0), receiver(key))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            client = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
            client.request(
                "POST",
                "/",
                body,
                {
                    "webhook-id": "id-1",
                    "webhook-timestamp": str(now),
                    "webhook-signature": signature,
                },
            )
            answer = client.getresponse()
            answer.read()
            client.close()
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

        assert answer.status == status
        assert ("task.completed" in capsys.readouterr().out) is not forged


def test_dead_letters_are_shown_put_back_and_forgotten(tmp_path: Path) -> None:
    here = {"SAFELIGHT_DATA_DIR": str(tmp_path)}
    assert safelight("migrate", **here).returncode == 0
    queue = embedded_queue(tmp_path)
    for _ in range(2):
        queue.publish([Message("TaskQueued", uuid4(), "a-request")])
    inbox = KombuInbox(embedded_url(tmp_path), "image-processing", prefetch=2)
    inbox.open()
    for _ in range(2):
        inbox.bury(inbox.receive(1))
    inbox.close()

    listed = json.loads(safelight("dead-letters", "list", "--json", **here).stdout)
    first, second = (each["id"] for each in listed["image-processing"])
    assert {each["reason"] for each in listed["image-processing"]} == {"rejected"}
    assert listed["notifications"] == []
    assert "2 dead letters" in safelight("dead-letters", "list", **here).stdout
    neither = safelight("dead-letters", "drop", "image-processing", **here)
    assert (neither.returncode, neither.stderr) == (2, "safelight: name some ids, or say --all\n")
    dropped = safelight("dead-letters", "drop", "image-processing", first, **here)
    assert dropped.stdout == "Forgotten: 1.\n"
    put_back = safelight("dead-letters", "requeue", "image-processing", "--all", **here)
    assert put_back.stdout == "Put back: 1.\n"
    assert "image-processing: no dead letters" in safelight("dead-letters", "list", **here).stdout


def embedded_url(folder: Path) -> str:
    return url_of(folder / "queue.sqlite")


def embedded_queue(folder: Path) -> KombuPublisher:
    return KombuPublisher(embedded_url(folder))


def test_a_database_that_does_not_answer_is_told_in_a_line(tmp_path: Path) -> None:
    for command in ("migrate", "api", "image-worker", "notifier", "relay"):
        outcome = safelight(
            command,
            SAFELIGHT_DATA_DIR=str(tmp_path),
            SAFELIGHT_DATABASE_URL="postgresql://ada:secret@127.0.0.1:1/safelight",
        )

        assert outcome.returncode == 1
        [line] = outcome.stderr.splitlines()
        assert line.startswith("safelight: database-unavailable: ")
        assert "SAFELIGHT_DATABASE_URL" in line and "secret" not in line


def test_what_is_wrong_with_a_real_database_is_told_in_a_line(
    postgres: Postgres, tmp_path: Path
) -> None:
    empty = postgres.create_database(empty=True)
    parts = urlsplit(empty)
    cases = {
        empty: "run `safelight migrate` first",
        empty + "-nowhere": "does not exist",
        urlunsplit(parts._replace(netloc=f"nobody:wrong@{parts.netloc.rpartition('@')[2]}")): "",
    }
    for url, said in cases.items():
        outcome = safelight("relay", SAFELIGHT_DATA_DIR=str(tmp_path), SAFELIGHT_DATABASE_URL=url)

        assert outcome.returncode == 1
        [line] = outcome.stderr.splitlines()
        assert said in line


def test_a_bucket_that_cannot_be_used_is_told_in_a_line(
    s3_service: S3Service, tmp_path: Path
) -> None:
    right = {
        "SAFELIGHT_DATA_DIR": str(tmp_path),
        "SAFELIGHT_STORAGE_BUCKET": s3_service.bucket,
        "SAFELIGHT_STORAGE_ENDPOINT": s3_service.endpoint,
        "SAFELIGHT_STORAGE_REGION": s3_service.region,
        "SAFELIGHT_STORAGE_PATH_STYLE": "true",
        "SAFELIGHT_STORAGE_ACCESS_KEY": s3_service.access_key,
        "SAFELIGHT_STORAGE_SECRET_KEY": s3_service.secret_key,
    }
    assert safelight("migrate", **right).returncode == 0
    for name, wrong in (("BUCKET", "no-such-bucket"), ("SECRET_KEY", "wrong")):
        outcome = safelight("image-worker", **right | {f"SAFELIGHT_STORAGE_{name}": wrong})

        assert outcome.returncode == 1
        [line] = outcome.stderr.splitlines()
        assert line.startswith("safelight: storage-misconfigured: ")
