"""Pictures that pipelines may name."""

from uuid import UUID

from adapters.persistence.connection import Connection, UniqueViolation
from application.errors import AlreadyExists
from application.ports.repositories.assets import Assets
from domain.images.asset import Asset


class SqlAssets(Assets):
    """Assets in the table `assets`; one without an owner is everybody's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, asset: Asset) -> None:
        try:
            self._connection.change(
                """
                INSERT INTO assets (id, user_id, name, file_path, sha256, created_at)
                VALUES (:id, :user_id, :name, :file_path, :sha256, :created_at)
                """,
                id=asset.id,
                user_id=asset.user_id,
                name=asset.name,
                file_path=asset.file_path,
                sha256=asset.sha256,
                created_at=asset.created_at,
            )
        except UniqueViolation as error:
            raise AlreadyExists("An asset of this name is there already.") from error

    def find(self, user_id: UUID | None, name: str) -> Asset | None:
        read = self._connection
        row = read.row(
            """
            SELECT id, user_id, name, file_path, sha256, created_at FROM assets
            WHERE name = :name AND (user_id = :user_id OR user_id IS NULL)
            ORDER BY user_id IS NULL LIMIT 1
            """,
            name=name,
            user_id=user_id,
        )
        if row is None:
            return None
        return Asset(
            id=read.as_uuid(row[0]),
            user_id=None if row[1] is None else read.as_uuid(row[1]),
            name=row[2],
            file_path=row[3],
            sha256=row[4],
            created_at=read.as_time(row[5]),
        )
