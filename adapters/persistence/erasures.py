"""What is left of accounts and pictures that are given up."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from adapters.persistence.connection import Connection, Document, Row, TextArray
from application.ports.repositories.erasures import ErasedFile, Erasures
from domain.users.erasure import CLOSED_AFTER, NO_PASSWORD_HASH, Erasure
from domain.users.roles import Role

WITHDRAWN: Final = {
    "sessions": "DELETE FROM sessions WHERE user_id = :user_id",
    "apiKeys": "DELETE FROM api_keys WHERE user_id = :user_id",
    "identities": "DELETE FROM identities WHERE user_id = :user_id",
    "signInAttempts": "DELETE FROM sign_in_attempts WHERE user_id = :user_id",
    "webhooks": "DELETE FROM webhooks WHERE user_id = :user_id",
    "erasedTasks": "DELETE FROM erased_tasks WHERE user_id = :user_id",
    "presetVersions": """
        DELETE FROM preset_versions
        WHERE preset_id IN (SELECT id FROM presets WHERE user_id = :user_id)
    """,
    "presets": "DELETE FROM presets WHERE user_id = :user_id",
    "letters": """
        DELETE FROM letters
        WHERE user_id = :user_id OR (user_id IS NULL AND lower(address) = lower(:address))
    """,
    "idempotencyKeys": "DELETE FROM idempotency_keys WHERE scope = :scope",
    "cancelledTasks": """
        UPDATE tasks SET status = 'cancelled', finished_at = clock_now(), lease_until = NULL
        WHERE user_id = :user_id AND status IN ('queued', 'in progress')
    """,
}
"""What goes at once, by its name on the receipt; refresh tokens go with their session."""

OF_A_TASK: Final = {
    "results": "DELETE FROM results WHERE task_id = :id",
    "deliveries": "DELETE FROM deliveries WHERE task_id = :id",
    "logEntries": "DELETE FROM processing_log WHERE task_id = :id",
}

# Nobody has this name or this password, nor any right that counts, and whoever wants theirs back
# gets a new account.
_FORGET_NAME: Final = f"""
    UPDATE users SET username = :nobody, username_key = :nobodys_key, email = :address,
        password_hash = '{NO_PASSWORD_HASH}', roles = :roles, email_verified_at = NULL,
        disabled_at = coalesce(disabled_at, clock_now()), updated_at = clock_now()
    WHERE id = :id
"""
# An account's is closed when the user's row is removed. A picture's has no such row: it is closed
# from the beginning, which also keeps an earlier version from taking it for an account's.
_COLUMNS: Final = "id, user_id, requested_at, counts, destroyed_at, files_sha256, closed_at"
_GET: Final = f"SELECT {_COLUMNS} FROM erasures WHERE id = :id"
_HOLD: Final = f"""
    {_GET} AND (closed_at IS NULL OR destroyed_at IS NULL) FOR UPDATE SKIP LOCKED
"""
_IS_DUE: Final = """
    closed_at IS NULL AND (destroyed_at IS NULL OR requested_at <= :closing)
        AND (rung_until IS NULL OR rung_until <= clock_now())
"""
_HAS_FILES_DUE: Final = """
    closed_at IS NOT NULL AND (rung_until IS NULL OR rung_until <= clock_now())
        AND id IN (SELECT erasure_id FROM erased_files WHERE destroyed_at IS NULL)
"""
_HAS_DUE: Final = f"""
    SELECT 1 WHERE EXISTS (SELECT 1 FROM erasures WHERE {_IS_DUE})
        OR EXISTS (SELECT 1 FROM erasures WHERE {_HAS_FILES_DUE})
"""
_OLDEST: Final = "ORDER BY requested_at, id LIMIT :limit FOR UPDATE SKIP LOCKED"
_DUE: Final = f"SELECT id FROM erasures WHERE {_IS_DUE} {_OLDEST}"
_FILES_DUE: Final = f"SELECT id FROM erasures WHERE {_HAS_FILES_DUE} {_OLDEST}"
# The oldest first, for whatever is added meanwhile is younger: so two who erase one picture meet at
# the same task, and neither has one that the other waits for.
_HOLD_TASKS: Final = """
    SELECT id, assets, gone FROM tasks WHERE image_id = :id
    ORDER BY created_at, id FOR NO KEY UPDATE
"""
_FORGET_ERASED: Final = """
    DELETE FROM erased_tasks
    WHERE user_id = (SELECT user_id FROM images WHERE id = :id) AND created_at <= :since
"""
_NOTE_ERASED: Final = """
    INSERT INTO erased_tasks (user_id, created_at)
    SELECT user_id, created_at FROM tasks WHERE image_id = :id AND created_at > :since
"""


class SqlErasures(Erasures):
    """Erasures in the table `erasures`, their files in `erased_files`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, erasure: Erasure, files: Sequence[str] = ()) -> None:
        self._connection.change(
            """
            INSERT INTO erasures (id, user_id, requested_at, counts, closed_at)
            VALUES (:id, :user_id, :requested_at, :counts, :closed_at)
            """,
            id=erasure.id,
            user_id=erasure.user_id,
            requested_at=erasure.requested_at,
            counts=Document(erasure.counts),
            closed_at=None if erasure.has_account else erasure.requested_at,
        )
        self._write_down(erasure.id, files)

    def get(self, erasure_id: UUID) -> Erasure | None:
        return self._one(_GET, erasure_id)

    def hold(self, erasure_id: UUID) -> Erasure | None:
        return self._one(_HOLD, erasure_id)

    def save(self, erasure: Erasure) -> None:
        self._connection.change(
            """
            UPDATE erasures SET counts = :counts, destroyed_at = :destroyed_at,
                files_sha256 = :files_sha256
            WHERE id = :id
            """,
            id=erasure.id,
            counts=Document(erasure.counts),
            destroyed_at=erasure.destroyed_at,
            files_sha256=erasure.files_sha256,
        )

    def withdraw(self, user_id: UUID, address: str) -> Mapping[str, int]:
        values = {"user_id": user_id, "address": address, "scope": str(user_id)}
        counts = {
            name: self._connection.change(
                sql, **{key: value for key, value in values.items() if f":{key}" in sql}
            )
            for name, sql in WITHDRAWN.items()
        }
        self._connection.change(
            _FORGET_NAME,
            id=user_id,
            nobody=f"erased-{user_id}",
            nobodys_key=f"erased-{user_id}",
            address=f"{user_id}@erased.invalid",
            roles=TextArray([Role.USER.value]),
        )
        return {name: count for name, count in counts.items() if count}

    def destroy_pictures(self, erasure: Erasure, limit: int) -> Mapping[str, int]:
        images = self._connection.rows(
            """
            SELECT id, file_path, byte_size, gone FROM images
            WHERE user_id = :user_id ORDER BY created_at DESC, id LIMIT :limit
            """,
            user_id=erasure.user_id,
            limit=limit,
        )
        if not images:
            return self._destroy_assets(erasure, limit)
        counts: dict[str, int] = {}
        for row in images:
            files = self._destroy_image(row, counts)
            self._write_down(erasure.id, files)
            _count_files(counts, files)
        return counts

    def destroy_picture(self, image_id: UUID, since: datetime) -> Sequence[str] | None:
        row = self._connection.row(
            "SELECT id, file_path, byte_size, gone FROM images WHERE id = :id", id=image_id
        )
        self._hold_tasks(image_id)
        for sql in (_FORGET_ERASED, _NOTE_ERASED):
            self._connection.change(sql, id=image_id, since=since)
        counts: dict[str, int] = {}
        files = {} if row is None else self._destroy_image(row, counts)
        return list(files) if counts.get("images") else None

    def _destroy_image(self, row: Row, counts: dict[str, int]) -> dict[str, int | None]:
        """Destroy an image, count what went with it, and return its files."""
        image_id, gone = self._connection.as_uuid(row[0]), row[3]
        files: dict[str, int | None] = {} if gone == "removed" else {row[1]: row[2]}
        destroyed = dict(self._destroy_tasks(image_id, files, gone))
        destroyed["images"] = self._connection.change(
            "DELETE FROM images WHERE id = :id", id=image_id
        )
        for name, count in destroyed.items():
            counts[name] = counts.get(name, 0) + count
        return files

    def _hold_tasks(self, image_id: UUID) -> Sequence[Row]:
        """
        Hold every task over an image.

        A worker that ends one just now waits, and then finds nothing to end. Whoever has one run
        again holds it while they add another, so once no more are found there will be none.
        """
        tasks = self._connection.rows(_HOLD_TASKS, id=image_id)
        while len(more := self._connection.rows(_HOLD_TASKS, id=image_id)) > len(tasks):
            tasks = more
        return more

    def _destroy_tasks(
        self, image_id: UUID, files: dict[str, int | None], gone: str | None
    ) -> Mapping[str, int]:
        """Destroy the tasks over an image, and add their files to *files*."""
        tasks = self._hold_tasks(image_id)
        counts = {"tasks": len(tasks)}
        for row in tasks:
            task_id = self._connection.as_uuid(row[0])
            assets: dict[str, Any] = self._connection.as_document(row[1])
            if gone != "removed":
                attached = (key for key in assets.values() if key.startswith(f"{image_id}/"))
                files.update(dict.fromkeys(sorted(attached)))
            if row[2] != "removed":
                files.update(self._files_of_results(task_id))
            for name, sql in OF_A_TASK.items():
                counts[name] = counts.get(name, 0) + self._connection.change(sql, id=task_id)
            self._connection.change("DELETE FROM tasks WHERE id = :id", id=task_id)
        return counts

    def _files_of_results(self, task_id: UUID) -> dict[str, int | None]:
        rows = self._connection.rows(
            "SELECT file_path, byte_size FROM results WHERE task_id = :id ORDER BY position",
            id=task_id,
        )
        return {row[0]: row[1] for row in rows}

    def _destroy_assets(self, erasure: Erasure, limit: int) -> Mapping[str, int]:
        assets = self._connection.rows(
            """
            SELECT id, file_path, byte_size FROM assets
            WHERE user_id = :user_id ORDER BY id LIMIT :limit
            """,
            user_id=erasure.user_id,
            limit=limit,
        )
        if not assets:
            return {}
        counts: dict[str, int] = {"assets": len(assets)}
        files: dict[str, int | None] = {}
        for asset_id, file_path, byte_size in assets:
            files[file_path] = byte_size
            self._connection.change("DELETE FROM assets WHERE id = :id", id=asset_id)
        self._write_down(erasure.id, files)
        _count_files(counts, files)
        return counts

    def _write_down(self, erasure_id: UUID, files: Iterable[str]) -> None:
        row = self._connection.row(
            "SELECT coalesce(max(position), 0) FROM erased_files WHERE erasure_id = :id",
            id=erasure_id,
        )
        last = int(row[0]) if row else 0
        for position, key in enumerate(files, start=last + 1):
            self._connection.change(
                """
                INSERT INTO erased_files (erasure_id, position, file_path)
                VALUES (:id, :position, :key)
                """,
                id=erasure_id,
                position=position,
                key=key,
            )

    def undestroyed(self, erasure_id: UUID, limit: int) -> Sequence[ErasedFile]:
        rows = self._connection.rows(
            """
            SELECT position, file_path FROM erased_files
            WHERE erasure_id = :id AND destroyed_at IS NULL ORDER BY position LIMIT :limit
            """,
            id=erasure_id,
            limit=limit,
        )
        return [ErasedFile(row[0], row[1]) for row in rows]

    def mark_destroyed(self, erasure_id: UUID, files: Sequence[ErasedFile]) -> None:
        for file in files:
            self._connection.change(
                """
                UPDATE erased_files SET destroyed_at = clock_now()
                WHERE erasure_id = :id AND position = :position AND destroyed_at IS NULL
                """,
                id=erasure_id,
                position=file.position,
            )

    def files(self, erasure_id: UUID, after: int, limit: int) -> Sequence[ErasedFile]:
        rows = self._connection.rows(
            """
            SELECT position, file_path FROM erased_files
            WHERE erasure_id = :id AND position > :after ORDER BY position LIMIT :limit
            """,
            id=erasure_id,
            after=after,
            limit=limit,
        )
        return [ErasedFile(row[0], row[1]) for row in rows]

    def close(self, erasure: Erasure) -> None:
        self._connection.change("DELETE FROM users WHERE id = :id", id=erasure.user_id)
        self._connection.change(
            "UPDATE erasures SET closed_at = clock_now() WHERE id = :id", id=erasure.id
        )

    def forget(self, erasure_id: UUID) -> None:
        self._connection.change(
            "DELETE FROM erased_files WHERE erasure_id = :id AND destroyed_at IS NOT NULL",
            id=erasure_id,
        )
        self._connection.change(
            """
            DELETE FROM erasures WHERE id = :id
                AND NOT EXISTS (SELECT 1 FROM erased_files WHERE erasure_id = :id)
            """,
            id=erasure_id,
        )

    def has_due(self, now: datetime) -> bool:
        return self._connection.row(_HAS_DUE, closing=now - CLOSED_AFTER) is not None

    def due(self, now: datetime, limit: int) -> Sequence[UUID]:
        rows = self._connection.rows(_DUE, closing=now - CLOSED_AFTER, limit=limit)
        rows += self._connection.rows(_FILES_DUE, limit=limit)
        return [self._connection.as_uuid(row[0]) for row in rows[:limit]]

    def postpone(self, erasure_id: UUID, delay: timedelta) -> None:
        self._connection.change(
            "UPDATE erasures SET rung_until = clock_after(:delay) WHERE id = :id",
            id=erasure_id,
            delay=delay.total_seconds(),
        )

    def _one(self, sql: str, erasure_id: UUID) -> Erasure | None:
        row = self._connection.row(sql, id=erasure_id)
        return None if row is None else self._erasure_from(row)

    def _erasure_from(self, row: Row) -> Erasure:
        read = self._connection
        return Erasure(
            id=read.as_uuid(row[0]),
            user_id=read.as_uuid(row[1]),
            requested_at=read.as_time(row[2]),
            counts=read.as_document(row[3]),
            destroyed_at=read.as_time_or_none(row[4]),
            files_sha256=row[5],
            has_account=row[6] is None,
        )


def _count_files(counts: dict[str, int], files: Mapping[str, int | None]) -> None:
    counts["files"] = counts.get("files", 0) + len(files)
    counts["bytes"] = counts.get("bytes", 0) + sum(size or 0 for size in files.values())
