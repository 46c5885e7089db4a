"""Take tasks back from workers that died or fell silent."""

import attrs

from application.ports.clock import Clock
from application.ports.unit_of_work import Database


@attrs.frozen
class ReturnExpiredTasks:
    """
    Return every task whose lease is over to the queue, or to quarantine at its third death.

    Every change is conditional on the fence, so two of these may run at once.
    """

    database: Database
    clock: Clock
    batch: int = 100

    def __call__(self) -> int:
        """Return how many tasks were taken back."""
        returned = 0
        with self.database.writing() as work:
            for task in work.tasks.expired(self.batch):
                task.lose_worker(self.clock.now())
                returned += work.tasks.save_if_held(task)
            if returned:
                work.commit()
        return returned
