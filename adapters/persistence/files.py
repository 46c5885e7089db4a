"""Which files the store should have, as the rows tell."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from adapters.persistence.connection import Connection, Row
from application.ports.repositories.files import Amount, FileKind, Files, Holder, KeptFile
from domain.images.gone import Gone

_AT_A_TIME: Final = 100
_IDS: Final = ", ".join(f":id{number}" for number in range(_AT_A_TIME))
_NOWHERE: Final = UUID(int=0)

_ORIGINALS: Final = """
    SELECT i.id, i.file_path, i.byte_size, i.sha256, i.gone, t.assets
    FROM images i JOIN tasks t ON t.id = i.newest_task_id
"""
_RESULTS: Final = """
    SELECT r.task_id, r.file_path, r.byte_size, r.sha256, t.gone
    FROM results r JOIN tasks t ON t.id = r.task_id
"""
_ASSETS: Final = "SELECT id, file_path, nullif(byte_size, 0), sha256, NULL FROM assets"

_NAMED: Final = [
    f"{_ORIGINALS} WHERE i.id IN ({_IDS}) AND (i.gone IS NULL OR i.gone = 'missing')",
    f"{_RESULTS} WHERE r.task_id IN ({_IDS}) AND (t.gone IS NULL OR t.gone = 'missing')",
    f"{_ASSETS} WHERE id IN ({_IDS})",
]
_PAGE: Final = {
    FileKind.ORIGINAL: f"""
        {_ORIGINALS} WHERE i.id > :after AND (i.gone IS NULL OR i.gone = 'missing')
        ORDER BY i.id LIMIT :limit
    """,
    FileKind.RESULT: f"""
        {_RESULTS} WHERE r.task_id IN (
            SELECT id FROM tasks WHERE id > :after AND status = 'completed'
                AND (gone IS NULL OR gone = 'missing') ORDER BY id LIMIT :limit
        ) ORDER BY r.task_id, r.position
    """,
    FileKind.ASSET: f"{_ASSETS} WHERE id > :after ORDER BY id LIMIT :limit",
}
_COUNT: Final = {
    FileKind.ORIGINAL: "SELECT count(*) FROM images WHERE gone IS NULL",
    FileKind.RESULT: "SELECT count(*) FROM tasks WHERE gone IS NULL AND status = 'completed'",
    FileKind.ASSET: "SELECT count(*) FROM assets",
}
_MARK: Final = {
    FileKind.ORIGINAL: """
        UPDATE images SET gone = :gone WHERE id = :id AND coalesce(gone, '') = :before
    """,
    FileKind.RESULT: """
        UPDATE tasks SET gone = :gone WHERE id = :id AND coalesce(gone, '') = :before
    """,
}
_OLD_ORIGINAL: Final = """
    gone IS NULL AND created_at <= clock_after(:age)
        AND status IN ('completed', 'failed', 'cancelled')
"""
_OLD_RESULT: Final = """
    gone IS NULL AND status = 'completed' AND finished_at <= clock_after(:age)
"""
_FORGET_ORIGINALS: Final = f"""
    WITH old AS (
        SELECT id FROM images WHERE {_OLD_ORIGINAL}
        ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE images SET gone = 'removed' WHERE id IN (SELECT id FROM old) RETURNING id
"""
_FORGET_ANALYSES: Final = f"""
    UPDATE tasks SET analysis = NULL WHERE image_id IN ({_IDS}) AND analysis IS NOT NULL
"""
_FORGET_RESULTS: Final = f"""
    WITH old AS (
        SELECT id FROM tasks WHERE {_OLD_RESULT}
        ORDER BY finished_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE tasks SET gone = 'removed' WHERE id IN (SELECT id FROM old) RETURNING id
"""


class SqlFiles(Files):
    """The keys in `images`, `results`, `assets`, and in what tasks have of attached files."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def named(self, holder_ids: Sequence[UUID]) -> frozenset[str]:
        kinds = (FileKind.ORIGINAL, FileKind.RESULT, FileKind.ASSET)
        return frozenset(
            file.key
            for kind, sql in zip(kinds, _NAMED, strict=True)
            for holder in self._holders(kind, self._of(sql, holder_ids))
            for file in holder.files
        )

    def page(self, kind: FileKind, after: UUID | None, limit: int) -> Sequence[Holder]:
        return self._holders(
            kind, self._connection.rows(_PAGE[kind], after=after or _NOWHERE, limit=limit)
        )

    def count(self, kind: FileKind) -> int:
        row = self._connection.row(_COUNT[kind])
        return int(row[0]) if row else 0

    def mark(self, holder: Holder, gone: Gone | None) -> bool:
        is_marked = bool(
            self._connection.change(
                _MARK[holder.kind],
                id=holder.id,
                gone=None if gone is None else gone.value,
                before="" if holder.gone is None else holder.gone.value,
            )
        )
        if is_marked and holder.kind is FileKind.ORIGINAL and gone is Gone.REMOVED:
            self._change_of(_FORGET_ANALYSES, [holder.id])
        return is_marked

    def forget_originals(self, older_than: timedelta, limit: int) -> Sequence[Holder]:
        ids = self._marked(_FORGET_ORIGINALS, older_than, limit)
        self._change_of(_FORGET_ANALYSES, ids)
        rows = self._of(f"{_ORIGINALS} WHERE i.id IN ({_IDS})", ids)
        return self._holders(FileKind.ORIGINAL, rows)

    def forget_results(self, older_than: timedelta, limit: int) -> Sequence[Holder]:
        ids = self._marked(_FORGET_RESULTS, older_than, limit)
        rows = self._of(f"{_RESULTS} WHERE r.task_id IN ({_IDS}) ORDER BY r.task_id", ids)
        return self._holders(FileKind.RESULT, rows)

    def old_originals(self, older_than: timedelta) -> Amount:
        return self._amount(
            f"SELECT count(*), coalesce(sum(byte_size), 0) FROM images WHERE {_OLD_ORIGINAL}",
            older_than,
        )

    def old_results(self, older_than: timedelta) -> Amount:
        return self._amount(
            f"""
            SELECT count(DISTINCT r.task_id), coalesce(sum(r.byte_size), 0) FROM results r
            WHERE r.task_id IN (SELECT id FROM tasks WHERE {_OLD_RESULT})
            """,
            older_than,
        )

    def _amount(self, sql: str, older_than: timedelta) -> Amount:
        row = self._connection.row(sql, age=-older_than.total_seconds())
        return Amount(int(row[0]), int(row[1])) if row else Amount(0)

    def _marked(self, sql: str, older_than: timedelta, limit: int) -> list[UUID]:
        rows = self._connection.rows(sql, age=-older_than.total_seconds(), limit=limit)
        return [self._connection.as_uuid(row[0]) for row in rows]

    def _of(self, sql: str, ids: Sequence[UUID]) -> list[Row]:
        rows: list[Row] = []
        for some in _by_the_hundred(ids):
            rows += self._connection.rows(sql, **some)
        return rows

    def _change_of(self, sql: str, ids: Sequence[UUID]) -> None:
        for some in _by_the_hundred(ids):
            self._connection.change(sql, **some)

    def _holders(self, kind: FileKind, rows: Sequence[Row]) -> list[Holder]:
        read = self._connection
        return [
            Holder(
                kind,
                read.as_uuid(holder_id),
                tuple(
                    file
                    for row in of_holder
                    for file in (KeptFile(row[1], row[2], row[3]), *self._attached(kind, row))
                ),
                Gone.read(gone),
            )
            for (holder_id, gone), of_holder in groupby(rows, key=lambda row: (row[0], row[4]))
        ]

    def _attached(self, kind: FileKind, row: Row) -> list[KeptFile]:
        """Return the files that came in with an original: their keys begin as its own does."""
        if kind is not FileKind.ORIGINAL:
            return []
        assets: dict[str, Any] = self._connection.as_document(row[5])
        head = f"{self._connection.as_uuid(row[0])}/"
        return [KeptFile(key) for key in assets.values() if key.startswith(head)]


def _by_the_hundred(ids: Sequence[UUID]) -> Iterator[dict[str, UUID]]:
    """Name so many ids at a time that the statement stays the same."""
    for start in range(0, len(ids), _AT_A_TIME):
        some = list(ids[start : start + _AT_A_TIME])
        some += [_NOWHERE] * (_AT_A_TIME - len(some))
        yield {f"id{number}": one for number, one in enumerate(some)}
