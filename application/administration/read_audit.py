"""Look through the audit trail."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from application.actor import Actor
from application.administration.paging import check_limit
from application.audit import note_alone, record_of
from application.ports.repositories.audit_trail import AuditFilter
from application.ports.unit_of_work import Database
from domain.users.audit import AuditAction, AuditEntry
from domain.users.roles import Permission


@attrs.frozen
class ReadAuditRequest:
    """
    Which entries, from where on, and how many.

    Attributes:
        after: Time and id of the last entry of the page before; None for the first page.
        limit: 1 to 100.
    """

    actor: Actor
    wanted: AuditFilter = AuditFilter()
    after: tuple[datetime, int] | None = None
    limit: int = attrs.field(default=20, validator=check_limit)


@attrs.frozen
class AuditPage:
    """
    Some entries, newest first.

    Attributes:
        next_after: `ReadAuditRequest.after` of the page that follows; None if there is none.
    """

    entries: Sequence[AuditEntry]
    next_after: tuple[datetime, int] | None


@attrs.frozen
class ReadAudit:
    """
    Return a page of the audit trail; reading it leaves an entry, too, which the page does not show.

    Raises:
        NotAllowed: The actor may not read it.
    """

    database: Database

    def __call__(self, request: ReadAuditRequest) -> AuditPage:
        """Judge, load one more than asked for, which tells whether a page follows; note."""
        request.actor.require(Permission.READ_AUDIT)
        with self.database.reading() as work:
            found = work.audit.page(request.wanted, request.after, request.limit + 1)
        note_alone(self.database, record_of(request.actor, AuditAction.READ_AUDIT))
        entries = found[: request.limit]
        follows = len(found) > request.limit
        return AuditPage(entries, (entries[-1].at, entries[-1].id) if follows else None)
