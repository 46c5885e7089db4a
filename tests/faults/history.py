"""
What clients saw, written down as it happens, and the verdict on it.

The verdict is Jepsen's of a queue: what was acknowledged and never came out is `lost`; what came
out though nobody sent it is `unexpected`; what came out twice is `duplicated`; what came out though
its client got no answer at first is `recovered`; what neither came out nor ended is `stuck`.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs


class History:
    """A JSONL file of events: `attempt`, `no-answer`, `acknowledged`, `fault`; thread-safe."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self.events: list[dict[str, Any]] = []

    def add(self, event: str, **details: Any) -> None:
        entry = {"at": round(time.monotonic() - self._started, 3), "event": event, **details}
        with self._lock:
            self.events.append(entry)
            self._file.write(json.dumps(entry) + "\n")

    def of(self, event: str) -> list[dict[str, Any]]:
        return [entry for entry in self.events if entry["event"] == event]

    def close(self) -> None:
        self._file.close()


@attrs.frozen
class Task:
    """What the database says of a task once everything has come to rest."""

    id: str
    status: str
    results: int


@attrs.frozen
class Verdict:
    """Figures by picture: each was sent under one idempotency key until it was acknowledged."""

    attempts: int
    acknowledged: int
    completed: int
    lost: frozenset[str]
    unexpected: frozenset[str]
    duplicated: frozenset[str]
    recovered: int
    stuck: frozenset[str]

    @property
    def is_flawless(self) -> bool:
        return not (self.lost or self.unexpected or self.duplicated or self.stuck)

    def __str__(self) -> str:
        return (
            f"attempts={self.attempts} acknowledged={self.acknowledged} "
            f"completed={self.completed} lost={len(self.lost)} "
            f"unexpected={len(self.unexpected)} duplicated={len(self.duplicated)} "
            f"recovered={self.recovered} stuck={len(self.stuck)}"
        )


def judge(history: History, tasks: Iterable[Task]) -> Verdict:
    """Compare what was promised with what there is."""
    there = {task.id: task for task in tasks}
    promised: dict[str, int] = {}
    answers = Counter[int]()
    for entry in history.of("acknowledged"):
        promised[entry["task_id"]] = entry["picture"]
    for picture in promised.values():
        answers[picture] += 1
    unanswered = {entry["picture"] for entry in history.of("no-answer")}
    final = ("completed", "failed", "cancelled")
    return Verdict(
        attempts=len(history.of("attempt")),
        acknowledged=len(answers),
        completed=sum(task.status == "completed" for task in there.values()),
        lost=frozenset(
            id
            for id in promised
            if id not in there or (there[id].status in final and there[id].results == 0)
        ),
        unexpected=frozenset(there.keys() - promised.keys()),
        duplicated=frozenset(
            id
            for id, picture in promised.items()
            if answers[picture] > 1 or (id in there and there[id].results > 1)
        ),
        recovered=len(unanswered & set(answers)),
        stuck=frozenset(task.id for task in there.values() if task.status not in final),
    )
