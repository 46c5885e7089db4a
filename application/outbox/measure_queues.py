"""Tell operators how much waits."""

import attrs

from application.ports.telemetry import Telemetry
from application.ports.unit_of_work import Database


@attrs.frozen
class MeasureQueues:
    """Count the tasks that are queued and in progress, and the messages in the outbox."""

    database: Database
    telemetry: Telemetry

    def __call__(self) -> None:
        """Count, tell."""
        with self.database.reading() as work:
            tasks = work.tasks.count_by_status()
            messages = work.outbox.count()
        for status, count in tasks.items():
            self.telemetry.set_queue_depth("tasks", status, count)
        self.telemetry.set_queue_depth("outbox", "waiting", messages)
