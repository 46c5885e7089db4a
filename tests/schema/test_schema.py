"""A few requests for every operation of the API's document; `make schema` sends hundreds."""

import re
from pathlib import Path
from types import SimpleNamespace

from entrypoints.http.problems import PROBLEMS
from tests.http.house import Caller, House
from tests.schema.excuses import EXCUSES, excuse_for
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
            assert excuse.code or excuse.query or excuse.part, excuse
            assert set(excuse.code.split()) <= set(PROBLEMS), excuse
            assert len(excuse.reason) > 30

    def test_what_is_refused_for_another_reason_is_not_excused(self) -> None:
        failure = RejectedPositiveData()

        def excused(
            label: str, content: bytes, failure: Exception = failure, body: object = None
        ) -> bool:
            case = SimpleNamespace(operation=SimpleNamespace(label=label), query=None, body=body)
            return excuse_for(failure, case, SimpleNamespace(content=content)) is not None

        url = b'{"code": "webhook-url-forbidden", "pointer": "/url"}'
        assert excused("POST /api/webhooks", url)
        assert not excused("POST /api/webhooks", url, ValueError())
        assert not excused("POST /api/webhooks", b'{"code": "internal-error"}')
        assert not excused("POST /api/webhooks", url.replace(b"/url", b"/secret"))
        assert not excused("POST /api/api-keys", url)
        accepted = AcceptedNegativeData()
        assert excused("POST /api/assets", b"{}", accepted, {"name": False})
        assert not excused("POST /api/assets", b"{}", accepted, {"name": "../a.png"})
        assert not excused("POST /api/assets", b"{}", accepted)
        assert not excused("POST /api/webhooks", b"[]") and not excused("GET /", b"")
