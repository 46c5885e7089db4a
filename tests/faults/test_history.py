"""A checker that cannot fail checks nothing: every flaw is planted once, and seen."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.history import History, Task, judge


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """Three pictures were sent; the second got its answer only at the second try."""
    with History(tmp_path / "history.jsonl") as history:
        for picture in ("a", "b", "b", "c"):
            history.add("attempt", picture=picture)
        history.add("no-answer", picture="b", why="ReadTimeout")
        for picture in ("a", "b", "c"):
            history.add(
                "acknowledged",
                picture=picture,
                task_id=f"task-{picture}",
                replayed=picture == "b",
            )
        yield history


def done(*pictures: str) -> list[Task]:
    return [Task(f"task-{picture}", picture, "completed", 1) for picture in pictures]


def test_all_is_well(history: History):
    verdict = judge(history, done("a", "b", "c"))

    assert verdict.is_flawless
    assert str(verdict) == (
        "attempts=4 acknowledged=3 completed=3 lost=0 unexpected=0 duplicated=0 recovered=1 stuck=0"
    )


@pytest.mark.parametrize(
    ("tasks", "flaw"),
    [
        (done("a", "b"), "lost=1"),
        ([*done("a", "b"), Task("task-c", "c", "failed", 0)], "lost=1"),
        ([*done("a", "b"), Task("another", "c", "completed", 1)], "lost=1"),
        ([*done("a", "b", "c"), Task("task-d", "d", "completed", 1)], "unexpected=1"),
        ([*done("a", "b", "c"), Task("task-d", "d", "queued", 0)], "unexpected=1"),
        ([*done("a", "b"), Task("task-c", "c", "completed", 2)], "duplicated=1"),
        ([*done("a", "b", "c"), Task("another", "c", "completed", 1)], "duplicated=1"),
        ([*done("a", "b"), Task("task-c", "c", "in progress", 0)], "stuck=1"),
        ([*done("a", "b"), Task("task-c", "c", "queued", 0)], "stuck=1"),
    ],
)
def test_every_flaw_is_seen(history: History, tasks: list[Task], flaw: str):
    verdict = judge(history, tasks)

    assert not verdict.is_flawless
    assert flaw in str(verdict)


def test_a_try_without_an_answer_is_an_attempt_and_no_promise(history: History):
    history.add("attempt", picture="d")
    history.add("no-answer", picture="d", why="ConnectionError")

    without, with_it = judge(history, done("a", "b", "c")), judge(history, done(*"abcd"))

    assert without.is_flawless and with_it.is_flawless
    assert with_it.recovered == {"b", "d"}


def test_the_file_tells_the_same(history: History, tmp_path: Path):
    lines = (tmp_path / "history.jsonl").read_text().splitlines()

    assert [json.loads(line) for line in lines] == history.events
