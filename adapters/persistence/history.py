"""What is over and kept for looking back only."""

from datetime import timedelta
from typing import Final

from adapters.persistence.connection import Connection
from application.ports.repositories.history import History

_OLD: Final = {
    "processing_log": "ended_at <= clock_after(:age)",
    "deliveries": "status <> 'pending' AND created_at <= clock_after(:age)",
    "letters": "status <> 'pending' AND created_at <= clock_after(:age)",
    "sessions": "expires_at <= clock_after(:age)",
}
_ORDER: Final = {
    "processing_log": "ended_at",
    "deliveries": "created_at",
    "letters": "created_at",
    "sessions": "expires_at",
}
_COUNT: Final = "SELECT " + " + ".join(
    f"(SELECT count(*) FROM {table} WHERE {is_old})" for table, is_old in _OLD.items()
)
_REMOVE: Final = [
    f"DELETE FROM {table} WHERE id IN "
    f"(SELECT id FROM {table} WHERE {is_old} ORDER BY {_ORDER[table]} LIMIT :limit)"
    for table, is_old in _OLD.items()
]


class SqlHistory(History):
    """The tables `processing_log`, `deliveries`, `letters` and `sessions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count_older_than(self, age: timedelta) -> int:
        row = self._connection.row(_COUNT, age=-age.total_seconds())
        return int(row[0]) if row else 0

    def remove_older_than(self, age: timedelta, limit: int) -> int:
        return sum(
            self._connection.change(sql, age=-age.total_seconds(), limit=limit) for sql in _REMOVE
        )
