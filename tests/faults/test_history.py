"""A checker that cannot fail checks nothing."""

from pathlib import Path

import pytest

from tests.faults.history import History, Task, judge


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Three pictures were sent; the second only at the second try."""
    history = History(tmp_path / "history.jsonl")
    for picture in (1, 2, 2, 3):
        history.add("attempt", picture=picture)
    history.add("no-answer", picture=2)
    for picture in (1, 2, 3):
        history.add("acknowledged", picture=picture, task_id=f"task-{picture}")
    return history


def done(*numbers: int) -> list[Task]:
    return [Task(f"task-{number}", "completed", 1) for number in numbers]


def test_all_is_well(history: History):
    verdict = judge(history, done(1, 2, 3))

    assert verdict.is_flawless
    assert str(verdict) == (
        "attempts=4 acknowledged=3 completed=3 lost=0 unexpected=0 duplicated=0 recovered=1 stuck=0"
    )


@pytest.mark.parametrize(
    ("tasks", "flaw"),
    [
        (done(1, 2), "lost=1"),
        ([*done(1, 2), Task("task-3", "failed", 0)], "lost=1"),
        ([*done(1, 2, 3), Task("task-4", "completed", 1)], "unexpected=1"),
        ([*done(1, 2), Task("task-3", "completed", 2)], "duplicated=1"),
        ([*done(1, 2), Task("task-3", "in progress", 0)], "stuck=1"),
    ],
)
def test_every_flaw_is_seen(history: History, tasks: list[Task], flaw: str):
    verdict = judge(history, tasks)

    assert not verdict.is_flawless
    assert flaw in str(verdict)


def test_one_picture_that_became_two_tasks_is_seen(history: History):
    history.add("acknowledged", picture=3, task_id="task-4")

    assert "duplicated=2" in str(judge(history, done(1, 2, 3, 4)))
