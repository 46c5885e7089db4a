"""A worker tells that it is there, and what it can do."""

from datetime import timedelta
from typing import Final

import attrs

from application.ports.repositories.workers import Worker
from application.ports.unit_of_work import Database

_FORGOTTEN: Final = timedelta(hours=1)
"""What has been silent for so long will not come back under the same id."""


@attrs.frozen
class ReportWorker:
    """
    Remember a worker; to be called at its start, and with each of its beats.

    Raises:
        DatabaseUnavailable: Nothing was remembered.
    """

    database: Database
    worker: Worker

    def __call__(self) -> None:
        """Say that it is there, and forget those that have died."""
        with self.database.writing(durable=False) as work:
            work.workers.see(self.worker)
            work.workers.forget_silent(_FORGOTTEN)
            work.commit()

    def leave(self) -> None:
        """Say that it ends."""
        with self.database.writing(durable=False) as work:
            work.workers.leave(self.worker.id)
            work.commit()
