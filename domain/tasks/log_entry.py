"""What became of one attempt at a task."""

from datetime import datetime
from typing import Final
from uuid import UUID

import attrs

OUTCOMES: Final = ("completed", "failed", "retried", "superseded", "lost")


@attrs.frozen
class LogEntry:
    """
    One attempt at a task (system design §8.3).

    Attributes:
        started_at: Of a lost attempt after others, when the one before it ended.
        outcome: One of `OUTCOMES`; `lost` with its worker.
        error: What went wrong, for operators and the owner; None if nothing did.
    """

    task_id: UUID
    attempt: int
    started_at: datetime
    ended_at: datetime
    outcome: str
    error: str | None
    stage_seconds: dict[str, float]
