"""The image workers that there are."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from adapters.persistence.connection import Connection, Document, Row
from application.ports.repositories.workers import Worker, Workers
from domain.images.abilities import Abilities
from domain.images.formats import ImageFormat
from domain.images.operations import Font


class SqlWorkers(Workers):
    """Workers in the table of that name."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def see(self, worker: Worker) -> None:
        self._connection.change(
            """
            INSERT INTO workers (id, host, pid, abilities, started_at, seen_at)
            VALUES (:id, :host, :pid, :abilities, clock_now(), clock_now())
            ON CONFLICT (id) DO UPDATE SET abilities = excluded.abilities,
                seen_at = excluded.seen_at
            """,
            id=worker.id,
            host=worker.host,
            pid=worker.pid,
            abilities=Document(_to_document(worker.abilities)),
        )

    def seen_within(self, age: timedelta) -> list[Worker]:
        rows = self._connection.rows(
            """
            SELECT id, host, pid, abilities FROM workers WHERE seen_at > clock_after(:age)
            ORDER BY started_at, id
            """,
            age=-age.total_seconds(),
        )
        return [self._worker(row) for row in rows]

    def leave(self, worker_id: UUID) -> None:
        self._connection.change("DELETE FROM workers WHERE id = :id", id=worker_id)

    def forget_silent(self, age: timedelta) -> int:
        return self._connection.change(
            "DELETE FROM workers WHERE seen_at <= clock_after(:age)", age=-age.total_seconds()
        )

    def _worker(self, row: Row) -> Worker:
        worker_id, host, pid, abilities = row
        connection = self._connection
        return Worker(
            connection.as_uuid(worker_id),
            host,
            pid,
            _from_document(connection.as_document(abilities)),
        )


def _to_document(abilities: Abilities) -> dict[str, Any]:
    return {
        "libvips": abilities.libvips,
        "reads": [one.value for one in abilities.reads],
        "writes": [one.value for one in abilities.writes],
        "fonts": [one.value for one in abilities.fonts],
        "missingWalls": list(abilities.missing_walls),
    }


def _from_document(document: dict[str, Any]) -> Abilities:
    """Read what a worker wrote; formats and fonts that only a newer one knows are left out."""
    formats, fonts = {one.value for one in ImageFormat}, {one.value for one in Font}
    return Abilities(
        document["libvips"],
        tuple(ImageFormat(one) for one in document["reads"] if one in formats),
        tuple(ImageFormat(one) for one in document["writes"] if one in formats),
        tuple(Font(one) for one in document["fonts"] if one in fonts),
        tuple(document["missingWalls"]),
    )
