"""Take tasks back from workers that died or fell silent."""

from datetime import datetime

import attrs

from application.ports.clock import Clock
from application.ports.unit_of_work import Database
from domain.tasks.log_entry import LogEntry
from domain.tasks.task import Task


@attrs.frozen
class ReturnExpiredTasks:
    """
    Return every task whose lease is over to the queue, or to quarantine at its third death.

    The log gets the attempt that nobody else can tell of. Every change is conditional on the
    fence, so two of these may run at once.
    """

    database: Database
    clock: Clock
    batch: int = 100

    def __call__(self) -> int:
        """Return how many tasks were taken back."""
        returned = 0
        with self.database.writing() as work:
            for task in work.tasks.expired(self.batch):
                now = self.clock.now()
                task.lose_worker(now)
                if work.tasks.save_if_held(task):
                    log = work.processing_log.of_task(task.id)
                    began = log[-1].ended_at if log else task.started_at
                    work.processing_log.add(_lost_attempt(task, began or now, now))
                    returned += 1
            if returned:
                work.commit()
        return returned


def _lost_attempt(task: Task, began: datetime, now: datetime) -> LogEntry:
    return LogEntry(
        task_id=task.id,
        attempt=task.attempts,
        started_at=began,
        ended_at=now,
        outcome="lost",
        error="worker-lost: the worker died or fell silent before it was done",
        stage_seconds={},
    )
