"""A few requests for every operation of the API's document; `make schema` sends hundreds."""

import re
from pathlib import Path
from types import SimpleNamespace

from entrypoints.http.problems import PROBLEMS
from tests.http.house import Caller, House
from tests.schema.excuses import EXCUSES, excuse_for, unused
from tests.schema.run import ask, platform

SEED = 20261128
EXAMPLES = 20


class RejectedPositiveData(Exception):
    """As schemathesis calls it when what the document allows is refused."""


class AcceptedNegativeData(Exception):
    """As schemathesis calls it when what the document forbids is accepted."""


def test_the_api_is_as_its_document_says(tmp_path: Path) -> None:
    with platform(tmp_path / "data") as running:
        report = ask(running.base, SEED, EXAMPLES, phases="fuzzing,stateful")

    assert report.is_clean, report.text[-20_000:]
    assert len(report.answered) > 90
    assert report.requests > 1_000
    done = len(report.answered) - len(report.never_done)
    assert done > len(report.answered) * 2 / 3, report.never_done


class TestExcuses:
    """They are about what there is, and narrow."""

    def test_each_is_about_operations_and_problems_that_there_are(self) -> None:
        told = Caller(House()).simulate_get("/api/openapi.json").json
        labels = [
            f"{method.upper()} {path}" for path in told["paths"] for method in told["paths"][path]
        ]

        for excuse in EXCUSES:
            assert any(re.fullmatch(excuse.operations, label) for label in labels), excuse
            assert excuse.code or excuse.part, excuse
            assert set(excuse.code.split()) <= set(PROBLEMS), excuse
            assert len(excuse.reason) > 30
        assert len({excuse.reason for excuse in EXCUSES}) == len(EXCUSES), "they are told apart"

    def test_what_is_refused_for_another_reason_is_not_excused(self) -> None:
        failure = RejectedPositiveData()

        def excused(
            label: str, problem: object, failure: Exception = failure, body: object = None
        ) -> bool:
            case = SimpleNamespace(operation=SimpleNamespace(label=label), body=body)
            return excuse_for(failure, case, problem) is not None

        url = {"code": "webhook-url-forbidden", "pointer": "/url"}
        assert excused("POST /api/webhooks", url)
        assert not excused("POST /api/webhooks", url, ValueError())
        assert not excused("POST /api/webhooks", {"code": "internal-error"})
        assert not excused("POST /api/webhooks", url | {"pointer": "/secret"})
        assert not excused("POST /api/api-keys", url)
        accepted = AcceptedNegativeData()
        assert excused("POST /api/assets", {}, accepted, {"name": False})
        assert not excused("POST /api/assets", {}, accepted, {"name": "../a.png"})
        assert not excused("POST /api/assets", {}, accepted)
        assert not excused("POST /api/webhooks", []) and not excused("GET /", None)
        for method in ("GET", "HEAD"):
            users, audit = f"{method} /api/admin/users", f"{method} /api/admin/audit"
            wrong = {"code": "invalid-parameter", "pointer": "/q"}
            assert excused(users, wrong) and not excused(audit, wrong)
            for name in ("email", "role", "subject"):
                assert not excused(users, wrong | {"pointer": f"/{name}"})
                assert not excused(audit, wrong | {"pointer": f"/{name}"})
            assert excused(audit, {"code": "invalid-cursor", "pointer": "/cursor"})
            assert not excused(users, None)

    def test_what_nothing_needs_is_found(self) -> None:
        reasons = [excuse.reason for excuse in EXCUSES]

        assert unused(reasons) == []
        assert unused(reasons[1:]) == [EXCUSES[0]]
        assert unused([]) == list(EXCUSES)
