"""Uploaded pictures."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from adapters.persistence.connection import Connection, Row
from adapters.persistence.tasks import SqlTasks, processing_task_to_document
from adapters.persistence.words import word_of
from application.ports.repositories.images import Images, Usage
from domain.images.formats import ImageFormat, UnknownFormat
from domain.images.gone import Gone
from domain.images.image import Image, PictureHeader
from domain.tasks.task import Task, TaskStatus, UnknownStatus

_COLUMNS = """
    id, user_id, file_path, label, format, width, height, frames, byte_size, sha256, created_at,
    updated_at, status, gone
"""
_GET = f"SELECT {_COLUMNS} FROM images WHERE id = :id"
# Both walk along the index `images_user`; a page begins where a comparison of rows finds its place.
_FIRST_PAGE = f"""
    SELECT {_COLUMNS} FROM images WHERE user_id = :user_id
    ORDER BY created_at DESC, id DESC LIMIT :limit
"""
_NEXT_PAGE = f"""
    SELECT {_COLUMNS} FROM images
    WHERE user_id = :user_id AND (created_at, id) < (:created_at, :id)
    ORDER BY created_at DESC, id DESC LIMIT :limit
"""


class SqlImages(Images):
    """Pictures in the table `images`."""

    def __init__(self, connection: Connection, tasks: SqlTasks) -> None:
        self._connection = connection
        self._tasks = tasks

    def add(self, image: Image, task: Task) -> None:
        self._connection.change(
            """
            INSERT INTO images (
                id, file_path, user_id, processing_task, status, created_at, updated_at,
                label, format, width, height, frames, byte_size, sha256, newest_task_id
            ) VALUES (
                :id, :file_path, :user_id, :processing_task, :status, :created_at, :updated_at,
                :label, :format, :width, :height, :frames, :byte_size, :sha256, :newest_task_id
            )
            """,
            id=image.id,
            file_path=image.file_path,
            user_id=image.user_id,
            processing_task=processing_task_to_document(task),
            newest_task_id=task.id,
            status=task.status.value,
            created_at=image.created_at,
            updated_at=image.updated_at,
            label=image.label,
            format=image.header.format.value,
            width=image.header.width,
            height=image.header.height,
            frames=image.header.frames,
            byte_size=image.byte_size,
            sha256=image.sha256,
        )
        self._tasks.add_first(task)

    def get(self, image_id: UUID) -> Image | None:
        row = self._connection.row(_GET, id=image_id)
        return None if row is None else self._image_from(row)

    def page(
        self, user_id: UUID, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[Image]:
        if after is None:
            rows = self._connection.rows(_FIRST_PAGE, user_id=user_id, limit=limit)
        else:
            created_at, image_id = after
            rows = self._connection.rows(
                _NEXT_PAGE, user_id=user_id, created_at=created_at, id=image_id, limit=limit
            )
        return [self._image_from(row) for row in rows]

    def usage_of(self, user_id: UUID, since: datetime) -> Usage:
        read = self._connection
        [(images, original_bytes)] = read.rows(
            """
            SELECT count(*), coalesce(sum(byte_size), 0) FROM images
            WHERE user_id = :user_id AND gone IS NULL
            """,
            user_id=user_id,
        )
        [(result_bytes,)] = read.rows(
            """
            SELECT coalesce(sum(r.byte_size), 0) FROM tasks t JOIN results r ON r.task_id = t.id
            WHERE t.user_id = :user_id AND t.gone IS NULL
            """,
            user_id=user_id,
        )
        [(tasks, oldest)] = read.rows(
            """
            SELECT count(*), min(created_at) FROM (
                SELECT created_at FROM tasks
                WHERE user_id = :user_id AND created_at > :since
                UNION ALL
                SELECT created_at FROM erased_tasks
                WHERE user_id = :user_id AND created_at > :since
            ) AS made
            """,
            user_id=user_id,
            since=since,
        )
        return Usage(
            int(images),
            int(original_bytes) + int(result_bytes),
            int(tasks),
            read.as_time_or_none(oldest),
        )

    def _image_from(self, row: Row) -> Image:
        read = self._connection
        return Image(
            id=read.as_uuid(row[0]),
            user_id=read.as_uuid(row[1]),
            file_path=row[2],
            label=row[3],
            header=PictureHeader(
                word_of(ImageFormat, row[4], UnknownFormat), row[5], row[6], row[7]
            ),
            byte_size=row[8],
            sha256=row[9],
            created_at=read.as_time(row[10]),
            updated_at=read.as_time(row[11]),
            status=word_of(TaskStatus, row[12], UnknownStatus),
            gone=Gone.read(row[13]),
        )
