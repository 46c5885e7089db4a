"""Tell an administrator how much waits."""

from collections.abc import Mapping

import attrs

from application.actor import Actor
from application.audit import note_alone, record_of
from application.ports.unit_of_work import Database
from domain.users.audit import AuditAction
from domain.users.roles import Permission


@attrs.frozen
class QueueLevels:
    """
    How much waits, as the database knows it.

    Attributes:
        tasks: How many are queued and in progress, by status.
        outbox: Messages that have not been carried to the broker.
    """

    tasks: Mapping[str, int]
    outbox: int


@attrs.frozen
class ViewQueues:
    """
    Return how much waits; that somebody looked is remembered.

    Raises:
        NotAllowed: The actor does not manage work.
    """

    database: Database

    def __call__(self, actor: Actor) -> QueueLevels:
        """Judge, note, count."""
        actor.require(Permission.MANAGE_WORK)
        note_alone(self.database, record_of(actor, AuditAction.VIEW_QUEUES))
        with self.database.reading() as work:
            return QueueLevels(work.tasks.count_by_status(), work.outbox.count())
