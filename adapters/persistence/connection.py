"""
What the repositories ask of a database connection, whichever dialect it speaks.

Their SQL is the same for every dialect. It takes parameters as `:name`, and three things that
each dialect brings in its own words:

- `clock_now()`, the time by the database's own clock;
- `clock_after(:seconds)`, that time and so many seconds, fractions and negative ones too;
- `FOR UPDATE SKIP LOCKED`, which takes rows that no other transaction is taking; only in a
  transaction that writes.
"""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

Row = Sequence[Any]


class Connection(Protocol):
    """One open transaction."""

    @abstractmethod
    def change(self, sql: str, /, **values: object) -> int:
        """
        Run a statement and return how many rows it touched.

        Raises:
            UniqueViolation: A unique index refuses the row.
        """

    @abstractmethod
    def rows(self, sql: str, /, **values: object) -> list[Row]:
        """Run a query, or a statement that returns what it changed, and return the rows."""

    def row(self, sql: str, /, **values: object) -> Row | None:
        """Run a query and return its first row, or None."""
        found = self.rows(sql, **values)
        return found[0] if found else None

    @abstractmethod
    def as_uuid(self, value: Any) -> UUID:
        """Read a UUID column."""

    @abstractmethod
    def as_time(self, value: Any) -> datetime:
        """Read a TIMESTAMP column; aware, in UTC."""

    @abstractmethod
    def as_document(self, value: Any) -> Any:
        """Read a JSON column, or an array of text."""

    def as_time_or_none(self, value: Any) -> datetime | None:
        """Read a TIMESTAMP column that may be empty."""
        return None if value is None else self.as_time(value)


class Document(dict[str, Any]):
    """A value that goes into a JSON column."""


class TextArray(list[str]):
    """A value that goes into an array-of-text column."""


class UniqueViolation(Exception):
    """
    A row like this is there already.

    Attributes:
        index: The unique index that says so.
    """

    def __init__(self, index: str) -> None:
        super().__init__(index)
        self.index = index
