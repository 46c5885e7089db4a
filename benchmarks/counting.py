"""
What counting a request costs: `python -m benchmarks.counting`.

One process and one subject, the way a busy customer's requests come: the median and the slowest
hundredth, in milliseconds, of counting under two limits.
"""

import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

from adapters.persistence.migrations import Migrations
from adapters.persistence.postgres import PostgresDatabase
from adapters.persistence.rate_limiter import DatabaseRateLimiter
from adapters.persistence.sqlite import SqliteDatabase
from application.ports.rate_limiter import Limit
from tests.services.postgres import PrivatePostgres

_TIMES: Final = 2_000
_LIMITS: Final = [Limit(name, name, 10**9, timedelta(minutes=1)) for name in ("address", "account")]


def _measure(database: SqliteDatabase | PostgresDatabase) -> tuple[float, float]:
    Migrations(database).run()
    limiter = DatabaseRateLimiter(database)
    took = []
    for _ in range(_TIMES):
        started = time.perf_counter()
        limiter.count(_LIMITS)
        took.append((time.perf_counter() - started) * 1000)
    database.close()
    return statistics.median(took), statistics.quantiles(took, n=100)[-1]


def main() -> None:
    """Measure SQLite, then PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        found = {"sqlite": _measure(SqliteDatabase(Path(folder) / "counts.sqlite"))}
    server = PrivatePostgres()
    try:
        found["postgres"] = _measure(PostgresDatabase(server.create_database()))
    finally:
        server.stop()
    for name, (median, slow) in found.items():
        print(f"{name:10} median {median:.3f} ms, 99 of 100 below {slow:.3f} ms")


if __name__ == "__main__":
    main()
