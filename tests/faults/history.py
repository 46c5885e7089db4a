"""
What clients saw, written down as it happens, and the verdict on it.

The verdict is that of Jepsen's `total-queue` checker. A picture is *attempted* when it is sent, and
*acknowledged* when 202 was read; whatever else comes back, a time-out, a reset, a refusal, leaves
open whether it was accepted. What was acknowledged and has no result is `lost`; what has a result
though nobody sent it is `unexpected`; what has two is `duplicated`; what has one thanks to a try
that got no 202 is `recovered`, which is fine; what has not come to an end is `stuck`.
"""

import json
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import attrs

FINAL = frozenset({"completed", "failed", "cancelled"})


class History:
    """
    A JSONL file of `attempt`, `no-answer`, `refused`, `acknowledged`, `fault`, `end`; thread-safe.

    Every event says when it happened, in seconds since the file was opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a", buffering=1)
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, event: str, **details: Any) -> None:
        entry = {"at": round(time.monotonic() - self._started, 3), "event": event, **details}
        with self._lock:
            self.events.append(entry)
            self._file.write(json.dumps(entry) + "\n")

    def of(self, *events: str) -> list[dict[str, Any]]:
        with self._lock:
            return [entry for entry in self.events if entry["event"] in events]


@attrs.frozen
class Task:
    """
    What the database says of a task once everything has come to rest.

    Attributes:
        picture: The name that its picture was sent under.
        results: How many a customer can see.
    """

    id: str
    picture: str
    status: str
    results: int


@attrs.frozen
class Verdict:
    """Names of pictures: each was sent under one idempotency key until it was acknowledged."""

    attempts: int
    acknowledged: frozenset[str]
    completed: frozenset[str]
    lost: frozenset[str]
    unexpected: frozenset[str]
    duplicated: frozenset[str]
    recovered: frozenset[str]
    stuck: frozenset[str]

    @property
    def is_flawless(self) -> bool:
        return not (self.lost or self.unexpected or self.duplicated or self.stuck)

    def __str__(self) -> str:
        figures = attrs.asdict(self)
        return " ".join(
            f"{name}={figure if isinstance(figure, int) else len(figure)}"
            for name, figure in figures.items()
        )


def judge(history: History, tasks: Iterable[Task]) -> Verdict:
    """Compare what was promised with what there is; every picture sent was one that can be done."""
    tasks = list(tasks)
    by_id = {task.id: task for task in tasks}
    attempted = [entry["picture"] for entry in history.of("attempt")]
    promises = history.of("acknowledged")
    at_once = {entry["picture"] for entry in promises if not entry["replayed"]}
    results: dict[str, int] = {}
    for task in tasks:
        results[task.picture] = results.get(task.picture, 0) + task.results
    completed = frozenset(picture for picture, number in results.items() if number)
    return Verdict(
        attempts=len(attempted),
        acknowledged=frozenset(entry["picture"] for entry in promises),
        completed=completed,
        lost=frozenset(
            entry["picture"]
            for entry in promises
            if (task := by_id.get(entry["task_id"])) is None
            or (task.status in FINAL and task.results == 0)
        ),
        unexpected=frozenset(task.picture for task in tasks) - frozenset(attempted),
        duplicated=frozenset(picture for picture, number in results.items() if number > 1),
        recovered=(completed & frozenset(attempted)) - at_once,
        stuck=frozenset(task.picture for task in tasks if task.status not in FINAL),
    )
