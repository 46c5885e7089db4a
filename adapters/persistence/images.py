"""Uploaded pictures."""

from uuid import UUID

from adapters.persistence.connection import Connection
from adapters.persistence.tasks import SqlTasks, processing_task_to_document
from application.ports.repositories.images import Images
from domain.images.formats import ImageFormat
from domain.images.image import Image, PictureHeader
from domain.tasks.task import Task, TaskStatus


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
        read = self._connection
        row = read.row(
            """
            SELECT id, user_id, file_path, label, format, width, height, frames,
                byte_size, sha256, created_at, updated_at, status
            FROM images WHERE id = :id
            """,
            id=image_id,
        )
        if row is None:
            return None
        return Image(
            id=read.as_uuid(row[0]),
            user_id=read.as_uuid(row[1]),
            file_path=row[2],
            label=row[3],
            header=PictureHeader(ImageFormat(row[4]), row[5], row[6], row[7]),
            byte_size=row[8],
            sha256=row[9],
            created_at=read.as_time(row[10]),
            updated_at=read.as_time(row[11]),
            status=TaskStatus(row[12]),
        )
