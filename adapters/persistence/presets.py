"""Pipelines by name, in versions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from cattrs.errors import BaseValidationError

from adapters.persistence.connection import Connection, Document, Row, UniqueViolation
from adapters.serialization.pipelines import pipeline_from_document, pipeline_to_document
from application.errors import AlreadyExists
from application.ports.repositories.presets import Presets
from domain.errors import DomainError
from domain.images.pipeline import Pipeline
from domain.images.preset import MAX_VERSION, Preset

_COLUMNS = "p.user_id, p.name, v.version, v.pipeline, v.locked, v.created_at"
# NULLs differ from each other, and what is shared has no owner.
_OWNED = "coalesce(user_id, '00000000-0000-0000-0000-000000000000') = :owner AND name = :name"
_NOBODY = UUID(int=0)
_MEANT = """
    SELECT id, user_id, name, newest FROM presets
    WHERE name = :name AND (user_id = :user_id OR user_id IS NULL) AND is_there = 1
    ORDER BY user_id IS NULL LIMIT 1
"""
_FIND_NEWEST = f"""
    SELECT {_COLUMNS} FROM ({_MEANT}) p
    JOIN preset_versions v ON v.preset_id = p.id AND v.version = p.newest
"""
_FIND_VERSION = f"""
    SELECT {_COLUMNS} FROM ({_MEANT}) p
    JOIN preset_versions v ON v.preset_id = p.id AND v.version = :version
"""
_VERSIONS = f"""
    SELECT {_COLUMNS} FROM ({_MEANT}) p
    JOIN preset_versions v ON v.preset_id = p.id AND v.version < :before
    ORDER BY v.version DESC LIMIT :limit
"""
_PAGE = f"""
    SELECT {_COLUMNS} FROM presets p
    JOIN preset_versions v ON v.preset_id = p.id AND v.version = p.newest
    WHERE (p.user_id = :user_id OR p.user_id IS NULL) AND p.is_there = 1
        AND (p.name, CASE WHEN p.user_id IS NULL THEN 1 ELSE 0 END) > (:name, :shared)
    ORDER BY p.name, p.user_id IS NULL LIMIT :limit
"""


class SqlPresets(Presets):
    """Names in the table `presets`, what they stood for and stand for in `preset_versions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last_version(self, user_id: UUID | None, name: str) -> int:
        row = self._connection.row(
            f"SELECT newest FROM presets WHERE {_OWNED} FOR NO KEY UPDATE",
            owner=user_id or _NOBODY,
            name=name,
        )
        return 0 if row is None else int(row[0])

    def add(self, preset: Preset) -> None:
        assert preset.pipeline is not None  # a new one is this version's own
        try:
            row = self._connection.row(
                f"""
                UPDATE presets SET newest = :version, is_there = 1 WHERE {_OWNED} RETURNING id
                """,
                owner=preset.user_id or _NOBODY,
                name=preset.name,
                version=preset.version,
            ) or self._connection.row(
                """
                INSERT INTO presets (user_id, name, newest, is_there)
                VALUES (:user_id, :name, :version, 1) RETURNING id
                """,
                user_id=preset.user_id,
                name=preset.name,
                version=preset.version,
            )
            assert row is not None
            self._connection.change(
                """
                INSERT INTO preset_versions (preset_id, version, pipeline, locked, created_at)
                VALUES (:preset_id, :version, :pipeline, :locked, :created_at)
                """,
                preset_id=row[0],
                version=preset.version,
                pipeline=Document(pipeline_to_document(preset.pipeline)),
                locked=int(preset.locked),
                created_at=preset.created_at,
            )
        except UniqueViolation as error:
            raise AlreadyExists("A preset of this name is there already.") from error

    def find(self, user_id: UUID | None, name: str, version: int | None = None) -> Preset | None:
        if version is None:
            row = self._connection.row(_FIND_NEWEST, user_id=user_id, name=name)
        else:
            row = self._connection.row(_FIND_VERSION, user_id=user_id, name=name, version=version)
        return None if row is None else self._preset_from(row)

    def versions(
        self, user_id: UUID | None, name: str, before: int | None, limit: int
    ) -> Sequence[Preset]:
        rows = self._connection.rows(
            _VERSIONS,
            user_id=user_id,
            name=name,
            before=MAX_VERSION + 1 if before is None else before,
            limit=limit,
        )
        return [self._preset_from(row) for row in rows]

    def page(
        self, user_id: UUID | None, after: tuple[str, bool] | None, limit: int
    ) -> Sequence[Preset]:
        name, is_shared = after or ("", False)
        rows = self._connection.rows(
            _PAGE, user_id=user_id, name=name, shared=int(is_shared), limit=limit
        )
        return [self._preset_from(row) for row in rows]

    def count(self, user_id: UUID | None, at_most: int) -> int:
        row = self._connection.row(
            """
            SELECT count(*) FROM (
                SELECT 1 FROM presets
                WHERE coalesce(user_id, '00000000-0000-0000-0000-000000000000') = :owner
                    AND is_there = 1
                LIMIT :at_most
            ) p
            """,
            owner=user_id or _NOBODY,
            at_most=at_most,
        )
        return int(row[0]) if row else 0

    def remove(self, user_id: UUID | None, name: str) -> None:
        self._connection.change(
            f"UPDATE presets SET is_there = 0 WHERE {_OWNED}",
            owner=user_id or _NOBODY,
            name=name,
        )

    def _preset_from(self, row: Row) -> Preset:
        read = self._connection
        return Preset(
            user_id=None if row[0] is None else read.as_uuid(row[0]),
            name=row[1],
            version=row[2],
            pipeline=_pipeline_from(read.as_document(row[3])),
            locked=bool(row[4]),
            created_at=read.as_time(row[5]),
        )


def _pipeline_from(document: Any) -> Pipeline | None:
    """Read a stored pipeline; one that this version cannot read must not hide the others."""
    try:
        return pipeline_from_document(document)
    except (DomainError, BaseValidationError, KeyError, TypeError, ValueError):
        return None
