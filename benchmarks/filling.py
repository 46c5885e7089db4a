"""A house that has been running for a while: many pictures done, and a queue."""

import random
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import attrs

from application.actor import Actor
from benchmarks.grounds import AnyDatabase, Ground, Row
from domain.users.roles import Role
from domain.users.user import User

USERS: Final = 200
BEGINNING: Final = datetime(2026, 1, 1, tzinfo=UTC)
LONG_AGO: Final = timedelta(hours=1)
_CHUNK: Final = 20_000
_KNOWN: Final = 2_000
"""How many of the images are remembered by id, to be asked for."""

_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_PIPELINE = (
    '{"version":1,"pipeline":[{"op":"autoOrient"},{"op":"resize","width":800,"height":600}],'
    '"output":{"format":"webp","quality":80}}'
)
_IMAGES = (
    "id, file_path, user_id, processing_task, status, created_at, updated_at, label, format,"
    " width, height, frames, byte_size, sha256, newest_task_id"
)
_TASKS = (
    "id, image_id, user_id, pipeline, assets, notify, correlation_id, priority, status, attempts,"
    " deaths, fence, rung_at, created_at, started_at, finished_at, announced_at"
)
_RESULTS = "task_id, position, variant, file_path, format, width, height, byte_size, sha256"


@attrs.frozen
class House:
    """
    A filled database.

    Attributes:
        owner: Has half of everything; the other half is shared by all others.
        images: How many there are.
        known: Some of the owner's images.
    """

    owner: Actor
    images: int
    known: list[UUID]

    def place(self, number: int) -> tuple[datetime, UUID]:
        """Return where the image of that number, counted from the oldest, is in its list."""
        return BEGINNING + timedelta(seconds=number), UUID(int=0)


def fill(ground: Ground, database: AnyDatabase, *, finished: int, queued: int) -> House:
    """Add users, *finished* tasks, and then *queued* ones that were rung for long ago."""
    chance = random.Random(finished + queued)
    owner, *others = _add_users(database)
    filling = ground.filling(database)
    known: list[UUID] = []
    total = finished + queued
    for start in range(0, total, _CHUNK):
        images, tasks, results = [], [], []
        for number in range(start, min(start + _CHUNK, total)):
            image_id, task_id = _id(chance), _id(chance)
            user = owner if chance.random() < 0.5 else chance.choice(others)
            if user is owner and chance.random() < 2 * _KNOWN / total:
                known.append(UUID(image_id))
            is_finished = number < finished
            image, task = _rows(image_id, task_id, user.id, number, is_finished=is_finished)
            images.append(image)
            tasks.append(task)
            if is_finished:
                file = f"results/{task_id}/1"
                results.append((task_id, 0, "main", file, "webp", 800, 600, 61_234, _SHA256))
        filling.add("images", _IMAGES, images)
        filling.add("tasks", _TASKS, tasks)
        filling.add("results", _RESULTS, results)
    filling.close()
    return House(Actor(owner.id, owner.roles), total, known)


def _add_users(database: AnyDatabase) -> list[User]:
    users = [
        User(
            id=UUID(int=number),
            username=f"user{number}",
            email=f"user{number}@example.com",
            password_hash="-",
            roles=frozenset({Role.USER}),
            created_at=BEGINNING,
            updated_at=BEGINNING,
        )
        for number in range(1, USERS + 1)
    ]
    with database.writing() as work:
        for user in users:
            work.users.add(user)
        work.commit()
    return users


def _rows(
    image_id: str, task_id: str, user_id: UUID, number: int, *, is_finished: bool
) -> tuple[Row, Row]:
    created = _text(BEGINNING + timedelta(seconds=number))
    ended = created if is_finished else None
    rung = created if is_finished else _text(datetime.now(UTC) - LONG_AGO)
    status = "completed" if is_finished else "queued"
    document = f'{{"taskId":"{task_id}","processingOptions":{_PIPELINE}}}'
    image = (
        image_id, f"{image_id}/0", str(user_id), document, status, created, created,
        f"DSC_{number:07}.jpg", "jpeg", 4000, 3000, 1, 2_050_000, _SHA256, task_id,
    )  # fmt: skip
    task = (
        task_id, image_id, str(user_id), _PIPELINE, "{}", '{"webhook":null,"events":[]}', image_id,
        "interactive", status, int(is_finished), 0, int(is_finished), rung, created, ended, ended,
        ended,
    )  # fmt: skip
    return image, task


def _id(chance: random.Random) -> str:
    digits = f"{chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
