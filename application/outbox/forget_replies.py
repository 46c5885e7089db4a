"""Forget the answers to requests that nobody will send again."""

import attrs

from application.idempotency import REMEMBERED_FOR
from application.ports.unit_of_work import Database


@attrs.frozen
class ForgetReplies:
    """
    Remove answers that are older than their idempotency keys are good for.

    Attributes:
        batch: How many at a time, so that nobody waits long for the database.
    """

    database: Database
    batch: int = 500

    def __call__(self) -> int:
        """Return how many were forgotten; as many as `batch` means there may be more."""
        with self.database.writing(durable=False) as work:
            forgotten = work.idempotency_keys.remove_older_than(REMEMBERED_FOR, self.batch)
            work.commit()
        return forgotten
