"""What the product asks of its database again and again, each question made ready and timed."""

import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import attrs

from application.images.image_status import ImageStatus, ImageStatusRequest
from application.images.list_images import ListImages, ListImagesRequest
from application.ports.message_publisher import Message
from benchmarks.filling import House, fill
from benchmarks.grounds import AnyDatabase, Ground
from domain.images.formats import ImageFormat
from domain.images.image import Image, PictureHeader
from domain.images.operations import AutoOrient, Resize
from domain.images.output import Output
from domain.images.pipeline import Pipeline
from domain.notifications.channel import NotificationRequest
from domain.tasks.task import Result, Task

Upload = tuple[Image, Task]

MINUTE: Final = timedelta(minutes=1)
PATIENCE: Final = 10 * MINUTE
"""How long tasks wait unrung in these houses."""
PAGE: Final = 20
BATCH: Final = 10
SWEPT: Final = 100
MARK_OF_ALL, MARK_OF_ONE = 100_000, 1_000
"""The defaults of SAFELIGHT_LIMITS_QUEUED_TASKS and …_PER_USER."""

_PIPELINE: Final = Pipeline((AutoOrient(), Resize(800, 600)), Output(ImageFormat.WEBP, 80))
_SHA256: Final = "0" * 64


@attrs.define
class Point:
    """A database of one size."""

    ground: Ground
    database: AnyDatabase
    house: House
    size: int
    rung_at: float = attrs.field(factory=time.monotonic)
    chance: random.Random = attrs.field(factory=lambda: random.Random(1))

    @classmethod
    def of(cls, ground: Ground, size: int, *, finished: int, queued: int) -> "Point":
        """Fill a database; every queued task is rung for, and its message waits."""
        database = ground.create()
        house = fill(ground, database, finished=finished, queued=queued)
        with database.writing() as work:
            assert work.tasks.ring_again(PATIENCE, queued) == queued
            work.commit()
        ground.tidy(database)
        return cls(ground, database, house, size)

    def since_rung(self) -> timedelta:
        """Return how long ago every queued task was rung for."""
        return timedelta(seconds=time.monotonic() - self.rung_at)

    def a_known_image(self) -> UUID:
        return self.chance.choice(self.house.known)

    def a_place(self) -> tuple[datetime, UUID]:
        """Return a place somewhere in the owner's list, a page before its end at the latest."""
        return self.house.place(self.chance.randrange(4 * PAGE, self.house.images))

    def an_upload(self) -> Upload:
        """Return what an upload writes down."""
        image_id, now = uuid4(), datetime.now(UTC)
        owner = self.house.owner.user_id
        header = PictureHeader(ImageFormat.JPEG, 4000, 3000, 1)
        image = Image(
            image_id, owner, f"{image_id}/0", "DSC_1.jpg", header, 2_050_000, _SHA256, now, now
        )
        task = Task.queue(
            id=uuid4(),
            image_id=image_id,
            user_id=owner,
            pipeline=_PIPELINE,
            assets={},
            notify=NotificationRequest(),
            created_at=now,
            correlation_id=str(image_id),
        )
        return image, task

    def upload(self, upload: Upload) -> None:
        with self.database.writing() as work:
            work.images.add(*upload)
            work.commit()

    def forget(self, uploads: Sequence[Upload]) -> None:
        """Remove uploads with all that came of them, so that the point keeps its size."""
        with self.database.exclusive() as connection:
            for image, task in uploads:
                connection.change("DELETE FROM outbox WHERE subject_id = :id", id=task.id)
                connection.change("DELETE FROM results WHERE task_id = :id", id=task.id)
                connection.change("DELETE FROM tasks WHERE id = :id", id=task.id)
                connection.change("DELETE FROM images WHERE id = :id", id=image.id)
        self.ground.tidy(self.database)


@attrs.frozen
class Question:
    """
    One thing that is asked.

    Attributes:
        ready: Makes what the calls need, as many as are asked for.
        call: Is what is measured.
        tidy: Puts the database back as it was.
        calls: How many make one measurement.
        bound: The size from which on it does no more work; it is judged from there on.
        flat: Whether it must not grow; what must is there to show that growth is seen.
        every_seconds: How often a process asks at most, whatever its load, where that is fixed;
            then its share of a core is judged instead of its growth.
    """

    name: str
    call: Callable[[Point, Any], object]
    ready: Callable[[Point, int], Sequence[Any]] = lambda _, calls: range(calls)
    tidy: Callable[[Point, Sequence[Any]], None] = lambda _, __: None
    calls: int = 50
    bound: int = 0
    flat: bool = True
    every_seconds: float | None = None

    def cpu_per_call(self, point: Point) -> float:
        """Return CPU seconds of client and server for one call."""
        given = self.ready(point, self.calls)
        before = point.ground.cpu_seconds()
        for one in given:
            self.call(point, one)
        spent = point.ground.cpu_seconds() - before
        self.tidy(point, given)
        return spent / self.calls


def _uploads(point: Point, calls: int) -> Sequence[Upload]:
    return [point.an_upload() for _ in range(calls)]


def _stored_uploads(point: Point, calls: int) -> Sequence[Upload]:
    uploads = _uploads(point, calls)
    for upload in uploads:
        point.upload(upload)
    return uploads


def _claim_and_finish(point: Point, upload: Upload) -> None:
    with point.database.writing(durable=False) as work:
        task = work.tasks.claim(upload[1].id, MINUTE)
        work.commit()
    assert task is not None
    file = f"results/{task.id}/1"
    task.complete(
        (Result("main", file, ImageFormat.WEBP, 800, 600, 61_234, _SHA256),), datetime.now(UTC)
    )
    with point.database.writing() as work:
        assert work.tasks.save_if_held(task)
        work.commit()


def _status(point: Point, image_id: UUID) -> None:
    ImageStatus(point.database)(ImageStatusRequest(point.house.owner, image_id))


def _page(point: Point, after: tuple[datetime, UUID] | None) -> None:
    request = ListImagesRequest(point.house.owner, after, PAGE)
    assert len(ListImages(point.database)(request).images) == PAGE


def _page_by_number(point: Point, _: object) -> None:
    """Leaf as lists often do, to show that what grows is seen to grow."""
    with point.database.exclusive() as connection:
        connection.rows(
            """
            SELECT * FROM images WHERE user_id = :user_id
            ORDER BY created_at DESC, id DESC LIMIT 20 OFFSET :offset
            """,
            user_id=point.house.owner.user_id,
            offset=point.house.images // 4,
        )


def _messages(point: Point, calls: int) -> Sequence[int]:
    """Add messages that are due before all that wait."""
    with point.database.writing(durable=False) as work:
        for _ in range(calls * BATCH):
            message = Message("TaskCompleted", uuid4(), "a-request")
            work.outbox.add(message, delay=-60 * MINUTE)
        work.commit()
    point.ground.tidy(point.database)
    return range(calls)


def _take(point: Point, _: object) -> None:
    with point.database.writing(durable=False) as work:
        entries = work.outbox.take_due(BATCH, MINUTE)
        work.commit()
    assert len(entries) == BATCH
    with point.database.writing(durable=False) as work:
        work.outbox.remove([entry.id for entry in entries])
        work.commit()


def _look(point: Point, _: object) -> None:
    with point.database.reading() as work:
        work.outbox.has_due()


def _count_all(point: Point, _: object) -> None:
    with point.database.reading() as work:
        work.tasks.count_queued(MARK_OF_ALL)


def _count_own(point: Point, _: object) -> None:
    with point.database.reading() as work:
        work.tasks.count_queued_of(point.house.owner.user_id, MARK_OF_ONE)


def _gauges(point: Point, _: object) -> None:
    with point.database.reading() as work:
        work.tasks.count_by_status()
        work.outbox.count()


def _sweep(patience: Callable[[Point], timedelta]) -> Callable[[Point, Any], object]:
    def call(point: Point, _: object) -> None:
        with point.database.writing() as work:
            assert work.tasks.ring_again(patience(point), SWEPT) == 0

    return call


_ping = Question("A/A: a question about nothing", lambda point, _: point.database.ping(), calls=300)
_claim = Question(
    "claim and finish a task", _claim_and_finish, _stored_uploads, Point.forget, calls=40
)
_upload = Question("upload: image, task, message", Point.upload, _uploads, Point.forget, calls=40)
_one_status = Question(
    "status",
    _status,
    lambda point, calls: [point.a_known_image() for _ in range(calls)],
    calls=200,
)

ON_ROWS: Final = (
    _ping,
    _one_status,
    Question("first page of the list", _page, lambda _, calls: [None] * calls),
    Question(
        "page anywhere in the list",
        _page,
        lambda point, calls: [point.a_place() for _ in range(calls)],
    ),
    _upload,
    _claim,
    Question("(by OFFSET, for contrast)", _page_by_number, calls=2, flat=False),
)
"""Asked while image rows grow."""

ON_QUEUE: Final = (
    _ping,
    _claim,
    _upload,
    _one_status,
    Question("outbox: is anything due", _look, calls=200),
    Question("outbox: take and remove 10", _take, _messages, calls=20),
    Question("sweep, nothing is lost", _sweep(lambda _: 60 * MINUTE)),
    Question("sweep, all were rung for lately", _sweep(lambda point: point.since_rung() * 0.75)),
    Question(
        "sweep, broker away for long",
        _sweep(lambda _: -4 * PATIENCE),  # as if so much later
        bound=SWEPT,
    ),
    Question("own tasks, up to the mark", _count_own, bound=2 * MARK_OF_ONE),
    Question("all tasks, up to the mark", _count_all, every_seconds=1),
    Question("gauges of tasks and outbox", _gauges, every_seconds=15),
)
"""Asked while tasks are queued and a message for each of them waits."""
