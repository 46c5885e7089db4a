"""Keep things for as long as the operator wants, and no longer."""

from datetime import timedelta

import attrs

from application.ports.object_store import ObjectStore
from application.ports.repositories.files import Amount
from application.ports.unit_of_work import Database


@attrs.frozen
class RetentionPolicy:
    """
    How long things are kept; None for ever.

    Attributes:
        originals: From the upload on; never while a task needs them.
        results: From the task's end on.
        logs: Attempts, notices that are over, and sessions that have ended.
        audit: Entries of the audit trail.
    """

    originals: timedelta | None = None
    results: timedelta | None = None
    logs: timedelta | None = None
    audit: timedelta | None = None


@attrs.frozen
class RetentionForecast:
    """What is older than it should be."""

    originals: Amount
    results: Amount
    logs: int
    audit: int = 0


_NOTHING = Amount(0)


@attrs.frozen
class Retain:
    """
    Remove what is older than the policy keeps it, a batch of each kind at a time.

    First the row says that the files are gone, durably, then they go: a crash in between leaves
    stray objects, which the orphan sweep finds. Any number may run at a time.
    """

    database: Database
    object_store: ObjectStore
    policy: RetentionPolicy
    batch: int = 50

    def __call__(self) -> int:
        """Return how much was removed; as much as `batch` means there may be more."""
        removed = 0
        for age, which in ((self.policy.originals, "originals"), (self.policy.results, "results")):
            if age is None:
                continue
            with self.database.writing() as work:
                forget = (
                    work.files.forget_originals
                    if which == "originals"
                    else work.files.forget_results
                )
                holders = forget(age, self.batch)
                if holders:
                    work.commit()
            for holder in holders:
                for file in holder.files:
                    self.object_store.delete(file.key)
            removed += len(holders)
        if self.policy.logs is not None:
            with self.database.writing(durable=False) as work:
                removed += work.history.remove_older_than(self.policy.logs, self.batch)
                work.commit()
        if self.policy.audit is not None:
            with self.database.writing(durable=False) as work:
                removed += work.audit.remove_older_than(self.policy.audit, self.batch)
                work.commit()
        return removed

    def forecast(self) -> RetentionForecast:
        """Return what would be removed in all, and remove nothing."""
        policy = self.policy
        with self.database.reading() as work:
            return RetentionForecast(
                originals=(
                    _NOTHING
                    if policy.originals is None
                    else work.files.old_originals(policy.originals)
                ),
                results=(
                    _NOTHING if policy.results is None else work.files.old_results(policy.results)
                ),
                logs=0 if policy.logs is None else work.history.count_older_than(policy.logs),
                audit=0 if policy.audit is None else work.audit.count_older_than(policy.audit),
            )
