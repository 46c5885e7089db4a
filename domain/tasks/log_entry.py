"""What became of one attempt at a task."""

from datetime import datetime
from uuid import UUID

import attrs


@attrs.frozen
class LogEntry:
    """
    One attempt at a task (system design §8.3).

    Attributes:
        outcome: `completed`, `failed`, `retried` or `superseded`.
        error: What went wrong, for operators and the owner; None if nothing did.
    """

    task_id: UUID
    attempt: int
    started_at: datetime
    ended_at: datetime
    outcome: str
    error: str | None
    stage_seconds: dict[str, float]
