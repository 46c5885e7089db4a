"""What is told of every call of a use case."""

from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from application.errors import NotFound
from application.ports.telemetry import Telemetry
from application.ports.unit_of_work import DatabaseUnavailable
from entrypoints.observed import observed


class Notebook(Telemetry):
    """Telemetry that can be read."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def observe_use_case(self, name: str, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.calls.append((name, outcome))

    def count_task(self, outcome: str) -> None: ...
    def observe_stage(self, stage: str, seconds: float) -> None: ...
    def count_delivery(self, channel: str, outcome: str) -> None: ...
    def set_queue_depth(self, queue: str, state: str, count: int) -> None: ...


class Divide:
    """A use case."""

    def __call__(self, number: int, *, by: int) -> float:
        if by == 13:
            raise DatabaseUnavailable("out to lunch")
        if by == 7:
            raise NotFound
        return number / by


@pytest.fixture(autouse=True)
def _plain_structlog() -> Any:
    before = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**before)


def test_the_answer_passes_through_and_is_counted() -> None:
    notebook = Notebook()

    with capture_logs() as lines:
        answer = observed(Divide(), notebook)(8, by=2)

    assert answer == 4
    assert notebook.calls == [("Divide", "ok")]
    assert [(line["log_level"], line["outcome"]) for line in lines] == [("debug", "ok")]


@pytest.mark.parametrize(
    ("by", "error", "outcome", "level"),
    [
        (7, NotFound, "not-found", "debug"),
        (13, DatabaseUnavailable, "database-unavailable", "debug"),
        (0, ZeroDivisionError, "error", "warning"),
    ],
)
def test_what_is_raised_passes_through_and_is_counted_by_its_code(
    by: int, error: type[Exception], outcome: str, level: str
) -> None:
    notebook = Notebook()

    with capture_logs() as lines, pytest.raises(error):
        observed(Divide(), notebook)(8, by=by)

    assert notebook.calls == [("Divide", outcome)]
    assert [(line["log_level"], line["outcome"]) for line in lines] == [(level, outcome)]
