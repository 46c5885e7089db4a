"""Counts in the database that everybody shares."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, Protocol

from adapters.persistence.connection import Connection
from application.ports.rate_limiter import Limit, RateLimiter, Standing

_NOTHING = timedelta()


class CountingDatabase(Protocol):
    """A database that takes what may be lost without waiting for its disk."""

    @abstractmethod
    def counting(self) -> AbstractContextManager[Any]:
        """Open a `Connection` whose changes are kept unless an exception leaves it."""


class DatabaseRateLimiter(RateLimiter):
    """
    Counts in the table `rate_counts`: one row a subject, one statement a count.

    A window is fixed: at the seam of two, twice as many may come as one lets in.
    """

    def __init__(self, database: CountingDatabase) -> None:
        self._database = database

    def count(self, limits: Sequence[Limit]) -> list[Standing]:
        standings: list[Standing] = []
        with self._database.counting() as connection:
            for limit in limits:
                standings.append(_count(connection, limit))
                if standings[-1].is_over:
                    break
        return standings

    def take_back(self, limits: Sequence[Limit]) -> None:
        with self._database.counting() as connection:
            for limit in limits:
                connection.change(
                    "UPDATE rate_counts SET used = used - 1 WHERE subject = :subject AND used > 0",
                    subject=limit.subject,
                )

    def forget(self, limits: Sequence[Limit]) -> None:
        with self._database.counting() as connection:
            for limit in limits:
                connection.change(
                    "DELETE FROM rate_counts WHERE subject = :subject", subject=limit.subject
                )

    def forget_ended(self, at_most: int) -> int:
        with self._database.counting() as connection:
            forgotten: int = connection.change(
                """
                DELETE FROM rate_counts WHERE subject IN (
                    SELECT subject FROM rate_counts WHERE ends_at <= clock_now()
                    ORDER BY ends_at LIMIT :at_most
                ) AND ends_at <= clock_now()
                """,
                at_most=at_most,
            )
        return forgotten


def _count(connection: Connection, limit: Limit) -> Standing:
    [(used, ends_at, now)] = connection.rows(
        """
        INSERT INTO rate_counts (subject, used, ends_at)
        VALUES (:subject, 1, clock_after(:seconds))
        ON CONFLICT (subject) DO UPDATE SET
            used = CASE WHEN rate_counts.ends_at <= clock_now() THEN 1
                ELSE rate_counts.used + 1 END,
            ends_at = CASE WHEN rate_counts.ends_at <= clock_now() THEN excluded.ends_at
                ELSE rate_counts.ends_at END
        RETURNING used, ends_at, clock_now()
        """,
        subject=limit.subject,
        seconds=limit.window.total_seconds(),
    )
    left = connection.as_time(ends_at) - connection.as_time(now)
    return Standing(limit, used, max(_NOTHING, left))
