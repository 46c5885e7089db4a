"""Pictures and fonts that pipelines may name."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from adapters.persistence.connection import Connection, Row, UniqueViolation
from adapters.persistence.words import word_of
from application.errors import AlreadyExists
from application.ports.repositories.assets import Assets
from application.ports.repositories.files import Amount
from domain.images.asset import Asset, AssetKind
from domain.words import UnknownWord

_COLUMNS: Final = "id, user_id, name, kind, file_path, byte_size, sha256, created_at"
_FIND: Final = f"""
    SELECT {_COLUMNS} FROM assets
    WHERE name = :name AND (user_id = :user_id OR user_id IS NULL) AND kind IN (:kind, :or_kind)
    ORDER BY user_id IS NULL LIMIT 1
"""
_OWNED: Final = f"SELECT {_COLUMNS} FROM assets WHERE user_id = :user_id AND name = :name"
_SHARED: Final = f"SELECT {_COLUMNS} FROM assets WHERE user_id IS NULL AND name = :name"
# Each half walks along the index `assets_newest`, and ends after a page.
_PAGE: Final = f"""
    SELECT {_COLUMNS} FROM (
        SELECT * FROM (
            SELECT {_COLUMNS} FROM assets
            WHERE user_id = :user_id AND (created_at, id) < (:created_at, :id)
            ORDER BY created_at DESC, id DESC LIMIT :limit
        ) AS own
        UNION ALL
        SELECT * FROM (
            SELECT {_COLUMNS} FROM assets
            WHERE user_id IS NULL AND (created_at, id) < (:created_at, :id)
            ORDER BY created_at DESC, id DESC LIMIT :limit
        ) AS shared
    ) AS visible
    ORDER BY created_at DESC, id DESC LIMIT :limit
"""
_BEFORE_ALL: Final = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=2**128 - 1))


class SqlAssets(Assets):
    """Assets in the table `assets`; one without an owner is everybody's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, asset: Asset) -> None:
        try:
            self._connection.change(
                f"""
                INSERT INTO assets ({_COLUMNS}) VALUES (
                    :id, :user_id, :name, :kind, :file_path, :byte_size, :sha256, :created_at
                )
                """,
                id=asset.id,
                user_id=asset.user_id,
                name=asset.name,
                kind=asset.kind.value,
                file_path=asset.file_path,
                byte_size=asset.byte_size,
                sha256=asset.sha256,
                created_at=asset.created_at,
            )
        except UniqueViolation as error:
            raise AlreadyExists("An asset of this name is there already.") from error

    def find(self, user_id: UUID | None, name: str, kind: AssetKind | None = None) -> Asset | None:
        kinds = list(AssetKind) if kind is None else [kind, kind]
        row = self._connection.row(
            _FIND, name=name, user_id=user_id, kind=kinds[0].value, or_kind=kinds[1].value
        )
        return None if row is None else self._asset_from(row)

    def owned(self, user_id: UUID | None, name: str) -> Asset | None:
        if user_id is None:
            row = self._connection.row(_SHARED, name=name)
        else:
            row = self._connection.row(_OWNED, name=name, user_id=user_id)
        return None if row is None else self._asset_from(row)

    def page(
        self, user_id: UUID, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[Asset]:
        created_at, asset_id = after or _BEFORE_ALL
        rows = self._connection.rows(
            _PAGE, user_id=user_id, created_at=created_at, id=asset_id, limit=limit
        )
        return [self._asset_from(row) for row in rows]

    def amount_of(self, user_id: UUID) -> Amount:
        row = self._connection.row(
            "SELECT count(*), coalesce(sum(byte_size), 0) FROM assets WHERE user_id = :user_id",
            user_id=user_id,
        )
        return Amount(int(row[0]), int(row[1])) if row else Amount(0)

    def remove(self, asset_id: UUID) -> bool:
        return bool(self._connection.change("DELETE FROM assets WHERE id = :id", id=asset_id))

    def _asset_from(self, row: Row) -> Asset:
        read = self._connection
        return Asset(
            id=read.as_uuid(row[0]),
            user_id=None if row[1] is None else read.as_uuid(row[1]),
            name=row[2],
            kind=word_of(AssetKind, row[3], UnknownWord),
            file_path=row[4],
            byte_size=row[5],
            sha256=row[6],
            created_at=read.as_time(row[7]),
        )
