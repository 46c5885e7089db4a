"""What an operator gets wrong: every process says so in a line and ends, and none shows a trace."""

import os
import secrets
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.e2e.test_engines import s3
from tests.running import ROOT
from tests.services.postgres import GUARDED, Postgres

Settings = dict[str, str]
CONSUMERS = ("image-worker", "notifier", "relay")
EVERYBODY = ("migrate", "up", "api", *CONSUMERS)


def run(command: str, folder: Path, settings: Settings) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if "SAFELIGHT" not in name}
    return subprocess.run(
        [str(ROOT / "safelight"), command],
        env=kept
        | {"SAFELIGHT_DATA_DIR": str(folder), "SAFELIGHT_HTTP_BIND": "127.0.0.1:0"}
        | {f"SAFELIGHT_{name}": text for name, text in settings.items()},
        capture_output=True,
        text=True,
        timeout=90,
    )


def with_user(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.netloc.rpartition('@')[2]}"))


def guarded(server: Postgres, *, grant: str = "") -> tuple[str, str]:
    """Make the user who is asked for a password; return the address of a database, and it."""
    password = secrets.token_hex(8)
    url = server.create_database(empty=True)
    with psycopg.connect(server.url, autocommit=True, connect_timeout=10) as connection:
        connection.execute(f"DROP ROLE IF EXISTS {GUARDED}".encode())
        connection.execute(f"CREATE ROLE {GUARDED} LOGIN PASSWORD '{password}'".encode())
    return url, password


def a_wrong_database_password(request: pytest.FixtureRequest) -> Settings:
    url, _ = guarded(request.getfixturevalue("postgres"))
    return {"DATABASE_URL": with_user(url, GUARDED, "sesame")}


def no_right_to_the_tables(request: pytest.FixtureRequest) -> Settings:
    server = request.getfixturevalue("postgres")
    _, password = guarded(server)
    return {"DATABASE_URL": with_user(server.create_database(), GUARDED, password)}


def no_right_to_make_tables(request: pytest.FixtureRequest) -> Settings:
    url, password = guarded(request.getfixturevalue("postgres"))
    return {"DATABASE_URL": with_user(url, GUARDED, password)}


def no_such_database(request: pytest.FixtureRequest) -> Settings:
    return {"DATABASE_URL": request.getfixturevalue("postgres").url_of("nowhere")}


def no_tables(request: pytest.FixtureRequest) -> Settings:
    return {"DATABASE_URL": request.getfixturevalue("postgres").create_database(empty=True)}


def old_tables(request: pytest.FixtureRequest) -> Settings:
    url = request.getfixturevalue("postgres").create_database()
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        connection.execute(b"DELETE FROM schema_migrations WHERE name LIKE '0003%'")
    return {"DATABASE_URL": url}


def no_database_server(_: pytest.FixtureRequest) -> Settings:
    return {"DATABASE_URL": "postgresql://ada:sesame@127.0.0.1:1/safelight"}


def a_wrong_secret_key(request: pytest.FixtureRequest) -> Settings:
    return s3(request) | {"STORAGE_SECRET_KEY": "sesame"}


def an_unknown_access_key(request: pytest.FixtureRequest) -> Settings:
    return s3(request) | {"STORAGE_ACCESS_KEY": "nobody"}


def no_such_bucket(request: pytest.FixtureRequest) -> Settings:
    return s3(request) | {"STORAGE_BUCKET": "no-such-bucket"}


def a_wrong_broker_password(request: pytest.FixtureRequest) -> Settings:
    url = request.getfixturevalue("rabbitmq").create_host()
    return {"BROKER_URL": with_user(url, "tests", "sesame")}


def no_such_virtual_host(request: pytest.FixtureRequest) -> Settings:
    return {"BROKER_URL": request.getfixturevalue("rabbitmq").create_host() + "-nowhere"}


def no_such_queue(request: pytest.FixtureRequest) -> Settings:
    server = request.getfixturevalue("sqs")
    settings: Settings = server.settings(server.create_queues())
    return settings | {"BROKER_SQS_QUEUES": settings["BROKER_SQS_QUEUES"] + "other-"}


# The mistake, who notices it, and what the line has in it.
MISTAKES = [
    (a_wrong_database_password, EVERYBODY, "SAFELIGHT_DATABASE_URL"),
    (no_such_database, EVERYBODY, "SAFELIGHT_DATABASE_URL"),
    (no_database_server, EVERYBODY, "is the server running"),
    (no_right_to_the_tables, EVERYBODY, "grant it to the role"),
    (no_right_to_make_tables, ("migrate", "up"), "grant it to the role"),
    (no_tables, ("api", *CONSUMERS), "run `safelight migrate` first"),
    (old_tables, ("api", *CONSUMERS), "run `safelight migrate` first"),
    (a_wrong_secret_key, EVERYBODY, "SAFELIGHT_STORAGE_"),
    (an_unknown_access_key, EVERYBODY, "SAFELIGHT_STORAGE_"),
    (no_such_bucket, EVERYBODY, "create it, or name another"),
    (a_wrong_broker_password, ("up", *CONSUMERS), "SAFELIGHT_BROKER_"),
    (no_such_virtual_host, ("up", *CONSUMERS), "Create the virtual host"),
    (no_such_queue, ("up", *CONSUMERS), "Create the queue"),
]


@pytest.mark.parametrize(
    ("mistake", "commands", "said"), MISTAKES, ids=[each[0].__name__ for each in MISTAKES]
)
def test_a_mistake_is_told_in_a_line_by_whoever_meets_it(
    mistake: Callable[[Any], Settings],
    commands: tuple[str, ...],
    said: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
):
    settings = mistake(request)
    if not any(name.startswith("DATABASE") for name in settings):
        assert run("migrate", tmp_path, {}).returncode == 0

    with ThreadPoolExecutor(3) as pool:
        outcomes = dict(
            zip(commands, pool.map(lambda each: run(each, tmp_path, settings), commands))
        )

    for command, outcome in outcomes.items():
        shown = f"{command}:\n{outcome.stdout}{outcome.stderr}"
        assert outcome.returncode == 1, shown
        [line] = outcome.stderr.splitlines() or [""]
        assert line.startswith("safelight: ") and said in line, shown
        assert "Traceback" not in shown and "sesame" not in shown, shown

    check = run("check", tmp_path, settings)
    assert check.returncode == 1, check.stdout + check.stderr
    wrong = [line for line in check.stdout.splitlines() if line.startswith("✗")]
    assert wrong and "sesame" not in check.stdout, check.stdout
