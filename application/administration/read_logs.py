"""Look through what became of attempts at tasks."""

from collections.abc import Sequence

import attrs

from application.actor import Actor
from application.administration.paging import check_limit
from application.audit import note_alone, record_of
from application.ports.repositories.processing_log import LogFilter, LogLine
from application.ports.unit_of_work import Database
from domain.users.audit import AuditAction
from domain.users.roles import Permission


@attrs.frozen
class ReadLogsRequest:
    """
    Which attempts, from where on, and how many.

    Attributes:
        after: Id of the last line of the page before; None for the first page.
        limit: 1 to 100.
    """

    actor: Actor
    wanted: LogFilter = LogFilter()
    after: int | None = None
    limit: int = attrs.field(default=20, validator=check_limit)


@attrs.frozen
class LogsPage:
    """
    Some attempts, newest first.

    Attributes:
        next_after: `ReadLogsRequest.after` of the page that follows; None if there is none.
    """

    lines: Sequence[LogLine]
    next_after: int | None


@attrs.frozen
class ReadLogs:
    """
    Return a page of the processing log; that somebody looked is remembered.

    Raises:
        NotAllowed: The actor does not manage work.
    """

    database: Database

    def __call__(self, request: ReadLogsRequest) -> LogsPage:
        """Judge, note, load one more than asked for, which tells whether a page follows."""
        request.actor.require(Permission.MANAGE_WORK)
        note_alone(self.database, record_of(request.actor, AuditAction.READ_LOGS))
        with self.database.reading() as work:
            found = work.processing_log.page(request.wanted, request.after, request.limit + 1)
        lines = found[: request.limit]
        return LogsPage(lines, lines[-1].id if len(found) > request.limit else None)
