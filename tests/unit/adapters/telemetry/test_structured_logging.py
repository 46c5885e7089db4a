"""One event a line, the libraries' own among them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[4]


def log_of(program: str, style: str = "json") -> str:
    """Run *program* in a process with our logging and return what it wrote."""
    head = (
        "import logging, structlog, warnings\n"
        "from adapters.telemetry.structured_logging import configure_logging\n"
        f"configure_logging('tester', style={style!r})\n"
        "log = structlog.get_logger('ours')\n"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", head + program],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert outcome.stderr == ""
    return outcome.stdout


def events_of(program: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log_of(program).splitlines()]


def test_our_lines_and_the_libraries_have_one_form() -> None:
    ours, theirs, warned = events_of(
        "structlog.contextvars.bind_contextvars(request_id='r-1')\n"
        "log.debug('too quiet')\n"
        "log.info('request', status=200)\n"
        "logging.getLogger('library').warning('old %s', 'fish', extra={'port': 1})\n"
        "warnings.warn('beware')\n"
    )

    assert ours.items() >= {
        "event": "request", "status": 200, "level": "info", "logger": "ours",
        "process": "tester", "request_id": "r-1",
    }.items()  # fmt: skip
    assert ours["ts"].endswith("Z")
    assert theirs.items() >= {
        "event": "old fish", "level": "warning", "logger": "library", "port": 1,
        "process": "tester", "request_id": "r-1",
    }.items()  # fmt: skip
    assert "beware" in warned["event"]


def test_tracebacks_stay_within_their_line() -> None:
    failures = events_of(
        "for tell in (log.exception, logging.getLogger('library').exception):\n"
        "    try:\n"
        "        1 / 0\n"
        "    except ZeroDivisionError:\n"
        "        tell('oops')\n"
    )

    assert [failure["event"] for failure in failures] == ["oops", "oops"]
    assert all("ZeroDivisionError" in failure["exception"] for failure in failures)


def test_values_of_any_kind_and_line_feeds_do_not_break_a_line() -> None:
    (event,) = events_of("log.info('a\\nb', path=__import__('pathlib').Path('/x'), odd={1: b'y'})")

    assert event["event"] == "a\nb"
    assert "/x" in event["path"]


def test_people_can_have_plain_text() -> None:
    text = log_of("log.info('request', status=200)", style="console")

    assert "request" in text and "status=200" in text and "{" not in text


def test_what_customers_are_called_neither_begins_a_line_nor_steers_a_terminal() -> None:
    program = (
        "name = 'Ada\\r\\n2026-01-01 [info] signed in\\x1b[2J\\x9b31m\\u202e'\n"
        "log.info('asked by ' + name, name=name)\n"
        "logging.getLogger('library').warning('told %s', name)\n"
    )

    for style in ("json", "console"):
        text = log_of(program, style=style)
        assert len(text.splitlines()) == 2, text
        assert "\x1b" not in text
        assert "\r" not in text
    assert "\x9b" not in text and "\u202e" not in text
    assert [event["event"][:3] for event in events_of(program)] == ["ask", "tol"]
