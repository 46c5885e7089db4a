"""Who did what, as it is remembered."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import attrs

from domain.users.audit import AuditAction, AuditEntry, AuditRecord


@attrs.frozen
class AuditFilter:
    """
    Which entries are meant; None for whichever.

    Attributes:
        user_id: Of whoever did it.
        subject: What it was done to, exactly, such as `user:<id>`.
        since: The first moment.
        until: The first moment that is too late.
    """

    action: AuditAction | None = None
    user_id: UUID | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditTrail(Protocol):
    """Who did what; nothing in it is ever changed, it only grows too old."""

    @abstractmethod
    def add(self, record: AuditRecord) -> None:
        """Add an entry, at the database's time."""

    @abstractmethod
    def page(
        self, wanted: AuditFilter, before: tuple[datetime, int] | None, limit: int
    ) -> Sequence[AuditEntry]:
        """
        Return entries, newest first; what a newer version did is told in its own words.

        Args:
            before: Time and id of the last one of the page before; None for the first page.
        """

    @abstractmethod
    def count_older_than(self, age: timedelta) -> int:
        """Return how many there are, by the database's clock."""

    @abstractmethod
    def remove_older_than(self, age: timedelta, limit: int) -> int:
        """Forget at most *limit*, the oldest first; return how many."""
