"""Refusals and failures: one table, one form, nothing told that should not be."""

import importlib
import pkgutil

import re
from pathlib import Path
from uuid import uuid4

import pytest
import structlog
from structlog.testing import capture_logs

import application
import domain
from application.errors import ApplicationError, PortFailure
from application.ports.image_editor import EditorUnavailable
from application.ports.malware_scanner import ScannerMisconfigured, ScannerUnavailable
from application.ports.object_store import ObjectMissing, StorageFull, StorageUnavailable
from application.ports.password_hasher import HasherBusy
from application.ports.unit_of_work import DatabaseUnavailable
from domain.errors import DomainError
from entrypoints.http.errors import RequestRefused
from entrypoints.http.problems import PROBLEMS
from tests.http.house import BEARER, TOKEN, Caller, House, image_part, problem

PROFILE = "/api/users/profile"
DOCS = Path(__file__).resolve().parents[2] / "docs"


def _kinds(base: type[Exception]) -> list[type[Exception]]:
    return [base, *(kind for one in base.__subclasses__() for kind in _kinds(one))]


def test_every_refusal_has_a_row_of_its_own() -> None:
    # What only happens to tasks, or is a mistake of ours, is no answer to a request.
    inward = {"illegal-transition"}

    for base in (DomainError, ApplicationError, RequestRefused):
        for kind in _kinds(base):
            assert kind.code in PROBLEMS or kind.code in inward, kind


def test_every_row_is_used() -> None:
    for package in (domain, application):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    raised = {
        kind.code
        for base in (DomainError, ApplicationError, RequestRefused, PortFailure)
        for kind in _kinds(base)
    }
    of_http_alone = {
        "internal-error", "method-not-allowed", "uri-too-long", "header-fields-too-large",
        "unsupported-transfer-coding",
    }  # fmt: skip

    assert set(PROBLEMS) - raised == of_http_alone


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (DatabaseUnavailable("10.0.0.7:5432 does not answer"), 503, "database-unavailable"),
        (StorageUnavailable("/srv/objects: EIO"), 503, "storage-unavailable"),
        (StorageFull("/srv/objects: ENOSPC"), 503, "storage-full"),
        (ScannerUnavailable("clamd:///run/clamd: EPIPE"), 503, "scanner-unavailable"),
        (ScannerMisconfigured("clamd:///run/clamd: 1 MiB"), 503, "scanner-unavailable"),
        (EditorUnavailable("fork failed in /srv"), 503, "service-unavailable"),
        (ObjectMissing("/srv/objects/1"), 404, "source-missing"),
    ],
)
def test_a_failed_port_is_told_without_its_inside(
    caller: Caller, house: House, failure: PortFailure, status: int, code: str
) -> None:
    use_case = "admit_upload" if status == 503 else "open_result"
    house.failures[use_case] = failure

    answer = (
        caller.upload(image_part(b""))
        if status == 503
        else caller.simulate_get(f"/files/{uuid4()}/main/a.webp")
    )

    assert problem(answer) == (status, code)
    assert ("retry-after" in answer.headers) == (status == 503)
    assert "/srv" not in answer.text and "10.0.0.7" not in answer.text


def test_what_nobody_foresaw_is_told_to_the_log_alone(
    caller: Caller, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.failures["view_profile"] = RuntimeError("the password of the database is hunter2")

    answer = caller.simulate_get(PROFILE, headers=BEARER)

    assert problem(answer) == (500, "internal-error")
    assert "hunter2" not in answer.text and "RuntimeError" not in answer.text
    assert "hunter2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("failure", "cause", "words"),
    [
        (HasherBusy("too many sign-ins wait already"), None,
         "hasher-busy: too many sign-ins wait already"),
        (DatabaseUnavailable("db.internal:5432 refused\nIs it running?"), None,
         "database-unavailable: db.internal:5432 refused Is it running?"),
        (DatabaseUnavailable("it did not answer"), OSError(5, "Input/output error"),
         "database-unavailable: it did not answer (OSError: [Errno 5] Input/output error)"),
    ],
)  # fmt: skip
def test_what_was_foreseen_is_one_line_with_its_cause_in_words(
    caller: Caller, house: House, failure: PortFailure, cause: Exception | None, words: str
) -> None:
    """A storm of sign-ins wrote a traceback for each that was told to come back later."""
    failure.__cause__ = cause
    house.failures["view_profile"] = failure

    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = caller.simulate_get(PROFILE, headers={**BEARER, "X-Request-Id": "trace-1"})

    [line] = lines
    told = {name: line.get(name) for name in ("event", "log_level", "request_id", "code", "error")}
    assert told == {
        "event": "request",
        "log_level": "warning",
        "request_id": "trace-1",
        "code": answer.json["code"],
        "error": words,
    }
    assert "exc_info" not in line


def test_a_failure_that_nobody_has_an_answer_for_has_its_traceback(
    caller: Caller, house: House
) -> None:
    house.failures["view_profile"] = PortFailure("a new one")

    with capture_logs() as lines:
        answer = caller.simulate_get(PROFILE, headers=BEARER)

    assert problem(answer) == (500, "internal-error")
    assert [line["exc_info"] for line in lines if line["log_level"] == "error"] == [
        house.failures["view_profile"]
    ]


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_a_method_that_is_not_there_names_those_that_are(caller: Caller) -> None:
    for method in ("DELETE", "PATCH", "TRACE", "CONNECT"):
        answer = caller.simulate_request(method, PROFILE, headers=BEARER)
        assert problem(answer) == (405, "method-not-allowed")
        assert {"GET", "PUT"} <= set(answer.headers["allow"].split(", "))


def test_only_json_is_spoken(caller: Caller) -> None:
    headers = {**BEARER, "Accept": "text/xml"}

    assert problem(caller.simulate_get(PROFILE, headers=headers)) == (406, "not-acceptable")


def test_a_value_is_named_in_the_sentence(caller: Caller) -> None:
    answer = caller.simulate_post(
        "/api/auth/register",
        json={"username": "ada", "email": "a@example.com", "password": "short"},
    )

    assert answer.json["detail"] == "/password: must have 8 to 128 characters."


def test_a_sane_request_id_is_kept_and_another_replaced(caller: Caller) -> None:
    for asked, kept in (("trace-1.2/3", True), ("a b", False), ("x" * 129, False), ("é", False)):
        answer = caller.simulate_get("/healthz", headers={"X-Request-Id": asked})
        assert (answer.headers["x-request-id"] == asked) == kept
        assert re.fullmatch(r"[!-~]{1,128}", answer.headers["x-request-id"])


@pytest.mark.parametrize("path", [PROFILE, "/nowhere", "/healthz", "/"])
def test_every_answer_carries_the_headers_that_protect(caller: Caller, path: str) -> None:
    headers = caller.simulate_get(path, headers=BEARER).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "strict-transport-security" not in headers
    assert path == "/" or headers["cache-control"] == "no-store"


def test_over_tls_it_stays_tls() -> None:
    caller = Caller(House(base_url="https://pictures.example.com"))

    headers = caller.simulate_get("/healthz").headers

    assert headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_figures_are_taken_by_route_and_never_by_id(caller: Caller, house: House) -> None:
    task_id = house.a_queued_task()

    caller.simulate_get(f"/api/tasks/{task_id}", headers=BEARER)
    caller.simulate_get("/nowhere/at/all")
    caller.simulate_request("BREW", "/")  # no method of HTTP's

    assert house.observed == [
        ("GET", "/api/tasks/{task_id}", 200),
        ("GET", "unmatched", 404),
        ("other", "/", 400),
    ]


def test_one_line_is_logged_and_no_secret(
    caller: Caller, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    caller.simulate_get(PROFILE, headers={**BEARER, "X-Request-Id": "trace-1"})

    [line] = capsys.readouterr().out.splitlines()
    for expected in ("trace-1", PROFILE, "status=200", "ms=", str(house.user.id)):
        assert expected in line
    assert TOKEN not in line


def test_health_readiness_and_metrics(caller: Caller, house: House) -> None:
    assert caller.simulate_get("/healthz").json == {"status": "ok"}
    assert caller.simulate_get("/readyz").json == {"status": "ready"}
    metrics = caller.simulate_get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "safelight_up 1" in metrics.text

    house.failures["ready"] = DatabaseUnavailable("gone")
    not_ready = caller.simulate_get("/readyz")
    assert problem(not_ready) == (503, "database-unavailable")
    assert not_ready.headers["retry-after"]
    assert caller.simulate_get("/healthz").status_code == 200


def test_each_problem_has_a_page(caller: Caller) -> None:
    for one in PROBLEMS.values():
        page = caller.simulate_get(f"/problems/{one.code}")
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        assert one.code in page.text and str(one.status) in page.text

    index = caller.simulate_get("/problems")
    assert all(f'href="/problems/{code}"' in index.text for code in PROBLEMS)
    assert problem(caller.simulate_get("/problems/%3Cscript%3E")) == (404, "not-found")


def test_a_person_in_a_browser_gets_a_page_and_everybody_else_json(caller: Caller) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "X-Request-Id": "r-1"}

    page = caller.simulate_get("/nowhere/<script>", headers=browser)
    expired = caller.simulate_get(
        f"/files/{uuid4()}/main/a.webp", query_string="exp=1&kid=k1&sig=good", headers=browser
    )

    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "style-src 'sha256-" in page.headers["content-security-policy"]
    assert "There is nothing here" in page.text and "r-1" in page.text
    assert "<script" not in page.text
    assert expired.status_code == 410 and "The link is too old" in expired.text
    for path, headers in (("/nowhere", {}), ("/nowhere", {"Accept": "*/*"}), (PROFILE, browser)):
        answer = caller.simulate_get(path, headers=headers)
        assert problem(answer)[0] in (401, 404)
        assert answer.headers["vary"] == "Accept"


def test_a_detail_says_more_than_its_title(caller: Caller, house: House) -> None:
    answers = [
        caller.simulate_post("/api/auth/login", json={"email": "a@b.c", "password": "password"}),
        caller.simulate_get(PROFILE, params={"userId": "ben"}, headers=BEARER),
        caller.simulate_get(f"/files/{uuid4()}/main/a.webp", query_string="sig=forged"),
        caller.upload(image_part(b"")),
    ]

    for answer in answers:
        assert problem(answer)[0] in (401, 403, 422)
        assert answer.json["detail"].rstrip(".") != answer.json["title"]


def test_the_landing_page_shows_the_session_to_try() -> None:
    page = Caller(House(base_url="https://p.example.com/<x>")).simulate_get("/")

    assert "BASE=https://p.example.com/&lt;x&gt;" in page.text
    assert "/status" in page.text and "until curl" in page.text, "it waits for the result"
    assert (
        "<script" not in page.text
        and "style-src 'sha256-" in page.headers["content-security-policy"]
    )


def test_the_documentation_lists_the_table() -> None:
    text = (DOCS / "problems.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)

    assert rows == [(one.code, str(one.status), one.title, one.remedy) for one in PROBLEMS.values()]
