"""What every database promises."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import attrs
import pytest

from adapters.persistence.migrations import migrate
from adapters.persistence.sqlite import SqliteDatabase
from application.errors import AlreadyExists
from application.ports.message_publisher import Message
from application.ports.unit_of_work import (
    Asset,
    Database,
    DatabaseUnavailable,
    EmailTaken,
    LogEntry,
    UsernameTaken,
)
from domain.images.image import Image, PictureHeader
from domain.images.formats import ImageFormat
from domain.images.operations import Crop, Resize, Watermark
from domain.images.output import Output
from domain.images.pipeline import Pipeline
from domain.images.units import Percent
from domain.notifications.channel import ChannelKind, NotificationRequest, Occasion
from domain.notifications.delivery import DeliveryStatus
from domain.tasks.task import Failure, FailureCode, Task, TaskStatus
from domain.users.user import User
from tests.builders import (
    A_PIPELINE,
    NOON,
    a_delivery,
    a_result,
    a_session,
    a_user,
    a_webhook,
    an_admin,
    an_image,
)

T = TypeVar("T")

NOW = timedelta()
LONG = timedelta(minutes=1)
BLINK = timedelta(milliseconds=40)


@attrs.frozen
class Opened:
    """
    A database with its tables, and what became of its bell.

    Attributes:
        rings: Grows by one with each ring.
    """

    database: Database
    rings: list[None]


def open_sqlite_file(folder: Path, on_outbox: Callable[[], None]) -> SqliteDatabase:
    return SqliteDatabase(folder / "safelight.db", on_outbox=on_outbox, durable=False)


def open_sqlite_memory(folder: Path, on_outbox: Callable[[], None]) -> SqliteDatabase:
    return SqliteDatabase(":memory:", on_outbox=on_outbox)


OPENERS: dict[str, Callable[[Path, Callable[[], None]], SqliteDatabase]] = {
    "sqlite-file": open_sqlite_file,
    "sqlite-memory": open_sqlite_memory,
}
BETWEEN_PROCESSES = ["sqlite-file"]
"""Databases that other processes can open too."""


@pytest.fixture(params=list(OPENERS))
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    rings: list[None] = []
    database = OPENERS[request.param](tmp_path, lambda: rings.append(None))
    migrate(database)
    yield Opened(database, rings)
    database.close()


@pytest.fixture
def database(opened: Opened) -> Database:
    return opened.database


def a_queued_task(image: Image, **overrides: Any) -> Task:
    """A task fresh from an upload, with its event."""
    return Task.queue(
        **{
            "id": uuid4(),
            "image_id": image.id,
            "user_id": image.user_id,
            "pipeline": A_PIPELINE,
            "assets": {},
            "notify": NotificationRequest(),
            "created_at": NOON,
            "correlation_id": "a-request",
        }
        | overrides
    )


def given_a_user(database: Database, **overrides: Any) -> User:
    user = a_user(**overrides)
    with database.writing() as work:
        work.users.add(user)
        work.commit()
    return user


def given_an_upload(database: Database, **overrides: Any) -> Task:
    image = an_image(given_a_user(database))
    task = a_queued_task(image, **overrides)
    with database.writing() as work:
        work.images.add(image, task)
        work.commit()
    return task


def claim(database: Database, task_id: UUID, lease: timedelta = LONG) -> Task | None:
    with database.writing() as work:
        task = work.tasks.claim(task_id, lease)
        work.commit()
    return task


def given_a_claimed_task(database: Database, lease: timedelta = LONG) -> Task:
    task = claim(database, given_an_upload(database).id, lease)
    assert task is not None
    return task


def save(database: Database, task: Task, delay: timedelta = NOW) -> bool:
    with database.writing() as work:
        saved = work.tasks.save_if_held(task, delay=delay)
        work.commit()
    return saved


def the_task(database: Database, task_id: UUID) -> Task:
    with database.reading() as work:
        task = work.tasks.get(task_id)
    assert task is not None
    return task


def the_image(database: Database, image_id: UUID) -> Image:
    with database.reading() as work:
        image = work.images.get(image_id)
    assert image is not None
    return image


def take_messages(database: Database) -> list[Message]:
    """Empty the outbox of what is due."""
    with database.writing() as work:
        entries = work.outbox.take_due(1000, LONG)
        work.outbox.remove([entry.id for entry in entries])
        work.commit()
    return [entry.message for entry in entries]


def expired_ids(database: Database) -> list[UUID]:
    with database.writing() as work:
        return [task.id for task in work.tasks.expired(100)]


class TestTransactions:
    def test_answers_a_ping(self, database: Database) -> None:
        database.ping()

    def test_forgets_what_was_not_committed(self, database: Database) -> None:
        user = a_user()

        with database.writing() as work:
            work.users.add(user)

        with database.reading() as work:
            assert work.users.get(user.id) is None

    def test_forgets_everything_when_an_error_leaves_the_transaction(
        self, database: Database
    ) -> None:
        user = a_user()

        with pytest.raises(UsernameTaken), database.writing() as work:
            work.users.add(user)
            work.users.add(a_user(username=user.username))

        with database.reading() as work:
            assert work.users.get(user.id) is None

    def test_shows_other_threads_what_was_committed(self, database: Database) -> None:
        user = given_a_user(database)

        def look() -> User | None:
            with database.reading() as work:
                return work.users.get(user.id)

        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(look).result() == user

    def test_goes_on_after_a_failed_transaction(self, database: Database) -> None:
        with pytest.raises(ZeroDivisionError), database.writing():
            1 / 0  # noqa: B018

        assert given_a_user(database)

    def test_a_reading_transaction_has_nothing_to_commit(self, database: Database) -> None:
        with database.reading() as work, pytest.raises(RuntimeError):
            work.commit()

    def test_many_threads_write_at_once_and_nothing_is_lost(self, database: Database) -> None:
        with ThreadPoolExecutor(8) as pool:
            users = list(pool.map(lambda _: given_a_user(database), range(40)))

        with database.reading() as work:
            assert all(work.users.get(user.id) == user for user in users)


class TestBell:
    def test_rings_once_a_due_message_is_committed(self, opened: Opened) -> None:
        given_an_upload(opened.database)

        assert len(opened.rings) == 1

    def test_is_silent_before_the_commit_and_without_one(self, opened: Opened) -> None:
        with opened.database.writing() as work:
            work.outbox.add(Message("TaskQueued", uuid4(), "a-request"))

            assert not opened.rings
        assert not opened.rings

    def test_is_silent_about_a_message_that_is_due_later(self, opened: Opened) -> None:
        with opened.database.writing() as work:
            work.outbox.add(Message("TaskQueued", uuid4(), "a-request"), delay=LONG)
            work.commit()

        assert not opened.rings

    def test_is_silent_when_nothing_is_to_be_published(self, opened: Opened) -> None:
        given_a_user(opened.database)

        assert not opened.rings


class TestUsers:
    def test_gives_back_what_was_added(self, database: Database) -> None:
        admin = an_admin()

        with database.writing() as work:
            work.users.add(admin)
            work.commit()

        with database.reading() as work:
            assert work.users.get(admin.id) == admin
            assert work.users.get(uuid4()) is None

    def test_finds_by_name_and_address_whatever_the_case(self, database: Database) -> None:
        user = given_a_user(database, username="Ädam Weiß", email="Ada.L@Example.com")

        with database.reading() as work:
            assert work.users.by_username("äDAM WEISS") == user
            assert work.users.by_email("aDA.l@eXAMPLE.COM") == user
            assert work.users.by_username("adam") is None
            assert work.users.by_email("ada@example.com") is None

    def test_replaces_an_account(self, database: Database) -> None:
        user = given_a_user(database)
        changed = attrs.evolve(
            user, username="grace", email="grace@example.com", updated_at=datetime.now(UTC)
        )

        with database.writing() as work:
            work.users.update(changed)
            work.commit()

        with database.reading() as work:
            found = work.users.by_username("Grace")
        assert found is not None
        assert found.email == "grace@example.com"
        assert found.created_at == user.created_at
        assert abs(found.updated_at - changed.updated_at) < timedelta(milliseconds=1)

    @pytest.mark.parametrize(
        ("taken", "error"),
        [
            ({"username": "ÄDA"}, UsernameTaken),
            ({"email": "ADA@example.com"}, EmailTaken),
        ],
    )
    def test_refuses_what_another_account_has_whatever_the_case(
        self, database: Database, taken: dict[str, str], error: type[Exception]
    ) -> None:
        given_a_user(database, username="äda", email="ada@example.com")
        other = given_a_user(database)

        with database.writing() as work, pytest.raises(error):
            work.users.add(a_user(**taken))
        with database.writing() as work, pytest.raises(error):
            work.users.update(attrs.evolve(other, **taken))

    def test_an_account_may_keep_its_own_name_and_address(self, database: Database) -> None:
        user = given_a_user(database, username="ada")

        with database.writing() as work:
            work.users.update(attrs.evolve(user, username="Ada"))
            work.commit()

        with database.reading() as work:
            found = work.users.get(user.id)
        assert found is not None
        assert found.username == "Ada"


class TestSessions:
    def test_gives_back_a_session_with_its_user(self, database: Database) -> None:
        user = given_a_user(database)
        session = a_session(user)

        with database.writing() as work:
            work.sessions.add(session)
            work.commit()

        with database.reading() as work:
            assert work.sessions.with_user(session.id) == (session, user)
            assert work.sessions.with_user(uuid4()) is None

    def test_ends_a_session_once(self, database: Database) -> None:
        session = a_session(given_a_user(database))
        with database.writing() as work:
            work.sessions.add(session)
            work.commit()

        for hours in (1, 2):
            with database.writing() as work:
                work.sessions.revoke(session.id, NOON + timedelta(hours=hours))
                work.commit()

        with database.reading() as work:
            found = work.sessions.with_user(session.id)
        assert found is not None
        assert found[0].revoked_at == NOON + timedelta(hours=1)

    def test_keeps_times_of_every_zone_as_the_same_moment(self, database: Database) -> None:
        kathmandu = timezone(timedelta(hours=5, minutes=45))
        session = a_session(
            given_a_user(database), expires_at=datetime(2027, 1, 1, tzinfo=kathmandu)
        )

        with database.writing() as work:
            work.sessions.add(session)
            found = work.sessions.with_user(session.id)

        assert found is not None
        assert found[0].expires_at == session.expires_at
        assert found[0].expires_at.utcoffset() == timedelta()


class TestAssets:
    def an_asset(self, owner: User | None, name: str = "logo.png") -> Asset:
        return Asset(uuid4(), owner.id if owner else None, name, f"{uuid4()}/0", "ab" * 32, NOON)

    def add(self, database: Database, asset: Asset) -> Asset:
        with database.writing() as work:
            work.assets.add(asset)
            work.commit()
        return asset

    def test_finds_ones_own_before_the_shared_one(self, database: Database) -> None:
        ada, bob = given_a_user(database), given_a_user(database)
        shared = self.add(database, self.an_asset(None))
        adas = self.add(database, self.an_asset(ada))

        with database.reading() as work:
            assert work.assets.find(ada.id, "logo.png") == adas
            assert work.assets.find(bob.id, "logo.png") == shared
            assert work.assets.find(None, "logo.png") == shared
            assert work.assets.find(ada.id, "seal.png") is None

    def test_never_finds_anothers(self, database: Database) -> None:
        ada, bob = given_a_user(database), given_a_user(database)
        self.add(database, self.an_asset(ada))

        with database.reading() as work:
            assert work.assets.find(bob.id, "logo.png") is None
            assert work.assets.find(None, "logo.png") is None

    def test_refuses_a_second_one_of_the_same_owner_and_name(self, database: Database) -> None:
        ada = given_a_user(database)
        for owner in (ada, None):
            self.add(database, self.an_asset(owner))

        for owner in (ada, None):
            with pytest.raises(AlreadyExists):
                self.add(database, self.an_asset(owner))


class TestImages:
    @pytest.mark.parametrize("frames", [None, 12])
    def test_gives_back_what_was_added(self, database: Database, frames: int | None) -> None:
        image = an_image(
            given_a_user(database),
            label="Grüße 🐈.gif",
            header=PictureHeader(ImageFormat.GIF, 640, 480, frames),
        )

        with database.writing() as work:
            work.images.add(image, a_queued_task(image))
            work.commit()

        assert the_image(database, image.id) == image
        with database.reading() as work:
            assert work.images.get(uuid4()) is None

    def test_comes_with_its_first_task_and_that_tasks_message(self, database: Database) -> None:
        image = an_image(given_a_user(database))
        task = a_queued_task(image)

        with database.writing() as work:
            work.images.add(image, task)
            work.commit()

        assert the_task(database, task.id) == task
        assert take_messages(database) == [Message("TaskQueued", task.id, "a-request")]
        assert not task.events

    def test_shows_the_state_of_the_newest_task(self, database: Database) -> None:
        first = given_a_claimed_task(database)
        second = a_queued_task(the_image(database, first.image_id))

        assert the_image(database, first.image_id).status is TaskStatus.IN_PROGRESS
        with database.writing() as work:
            work.tasks.add(second)
            work.commit()
        assert the_image(database, first.image_id).status is TaskStatus.QUEUED
        first.complete((a_result(),), NOON)
        assert save(database, first)
        assert the_image(database, first.image_id).status is TaskStatus.QUEUED
        assert claim(database, second.id)
        assert the_image(database, first.image_id).status is TaskStatus.IN_PROGRESS
        with database.reading() as work:
            newest = work.tasks.newest_of(first.image_id)
        assert newest is not None
        assert newest.id == second.id

    def test_is_touched_whenever_its_state_changes(self, database: Database) -> None:
        task = given_an_upload(database)
        before = datetime.now(UTC) - timedelta(seconds=1)

        assert the_image(database, task.image_id).updated_at == NOON
        assert claim(database, task.id)

        assert before < the_image(database, task.image_id).updated_at < before + LONG


class TestTasks:
    def test_gives_back_what_was_added(self, database: Database) -> None:
        image = an_image(given_a_user(database))
        task = a_queued_task(
            image,
            pipeline=Pipeline(
                (
                    Crop(Percent(10), Percent(10), Percent(50), Percent(50)),
                    Resize(800),
                    Watermark("logo.png"),
                ),
                Output(ImageFormat.AVIF, 60),
            ),
            assets={"logo.png": "f00/0"},
            notify=NotificationRequest(
                "https://hooks.example.com/?a=b", frozenset({Occasion.FAILED})
            ),
        )

        with database.writing() as work:
            work.images.add(image, task)
            work.commit()

        assert the_task(database, task.id) == task
        with database.reading() as work:
            assert work.tasks.newest_of(image.id) == task
            assert work.tasks.get(uuid4()) is None
            assert work.tasks.newest_of(uuid4()) is None

    def test_keeps_that_an_upload_wants_no_notice_at_all(self, database: Database) -> None:
        task = given_an_upload(database, notify=NotificationRequest(occasions=frozenset()))

        assert the_task(database, task.id).notify == task.notify

    def test_a_claim_counts_the_attempt_and_raises_the_fence(self, database: Database) -> None:
        task = given_an_upload(database)

        claimed = claim(database, task.id)

        assert claimed is not None
        assert (claimed.status, claimed.attempts, claimed.fence) == (TaskStatus.IN_PROGRESS, 1, 1)
        assert claimed.started_at is not None
        assert abs(claimed.started_at - datetime.now(UTC)) < LONG
        assert the_task(database, task.id) == claimed
        assert the_image(database, task.image_id).status is TaskStatus.IN_PROGRESS

    def test_a_task_is_claimed_once(self, database: Database) -> None:
        task = given_a_claimed_task(database)

        assert claim(database, task.id) is None
        assert claim(database, uuid4()) is None

    def test_a_later_claim_keeps_the_first_start(self, database: Database) -> None:
        task = given_a_claimed_task(database)
        task.hand_back()
        assert save(database, task)
        time.sleep(0.005)

        again = claim(database, task.id)

        assert again is not None
        assert (again.attempts, again.fence) == (2, 2)
        assert again.started_at == task.started_at

    def test_racing_threads_claim_each_task_once(self, database: Database) -> None:
        tasks = [given_an_upload(database).id for _ in range(10)]

        with ThreadPoolExecutor(4) as pool:
            won = list(
                pool.map(lambda _: [task for task in tasks if claim(database, task)], range(4))
            )

        assert Counter(sum(won, [])) == Counter(tasks)

    def test_a_completed_task_has_its_results_in_order(self, database: Database) -> None:
        task = given_a_claimed_task(database)
        take_messages(database)
        results = (a_result(), a_result(variant="thumb"), a_result(variant="a square"))

        task.complete(results, NOON)
        assert save(database, task)

        assert the_task(database, task.id) == task
        assert the_task(database, task.id).results == results
        assert the_image(database, task.image_id).status is TaskStatus.COMPLETED
        assert take_messages(database) == [Message("TaskCompleted", task.id, "a-request")]
        assert expired_ids(database) == []

    def test_a_failed_task_keeps_its_reason(self, database: Database) -> None:
        task = given_a_claimed_task(database)
        take_messages(database)

        task.fail(Failure(FailureCode.TRUNCATED, "The file ends too early."), NOON)
        assert save(database, task)

        assert the_task(database, task.id) == task
        assert the_image(database, task.image_id).status is TaskStatus.FAILED
        assert take_messages(database) == [Message("TaskFailed", task.id, "a-request")]

    def test_a_task_handed_back_rings_after_the_delay(self, opened: Opened) -> None:
        database = opened.database
        task = given_a_claimed_task(database)
        take_messages(database)
        opened.rings.clear()

        task.hand_back()
        assert save(database, task, delay=BLINK)

        assert the_image(database, task.image_id).status is TaskStatus.QUEUED
        assert not opened.rings
        assert take_messages(database) == []
        time.sleep(BLINK.total_seconds() * 1.5)
        assert take_messages(database) == [Message("TaskQueued", task.id, "a-request")]

    def test_a_finish_behind_the_fence_changes_nothing(self, database: Database) -> None:
        """A worker thought dead comes back after another has taken its task."""
        zombie = given_a_claimed_task(database)
        lost = the_task(database, zombie.id)
        lost.lose_worker(NOON)
        assert save(database, lost)
        other = claim(database, zombie.id)
        take_messages(database)

        zombie.complete((a_result(),), NOON)

        assert not save(database, zombie)
        assert the_task(database, zombie.id) == other
        assert take_messages(database) == []
        assert the_image(database, zombie.image_id).status is TaskStatus.IN_PROGRESS

    def test_a_finished_task_cannot_be_finished_again(self, database: Database) -> None:
        first, second = given_a_claimed_task(database), None
        second = the_task(database, first.id)
        first.complete((a_result(),), NOON)
        assert save(database, first)

        second.fail(Failure(FailureCode.INTERNAL, "No."), NOON)

        assert not save(database, second)
        assert the_task(database, first.id) == first

    def test_deaths_are_counted_until_the_task_is_set_aside(self, database: Database) -> None:
        task_id = given_an_upload(database).id

        for _ in range(Task.MAX_DEATHS):
            task = claim(database, task_id)
            assert task is not None
            task.lose_worker(NOON)
            assert save(database, task)

        found = the_task(database, task_id)
        assert found.deaths == Task.MAX_DEATHS
        assert found.failure is not None
        assert found.failure.code is FailureCode.POISONED
        assert claim(database, task_id) is None

    def test_a_lease_ends_by_the_databases_clock(self, database: Database) -> None:
        held, short = given_a_claimed_task(database), given_a_claimed_task(database, BLINK)

        assert expired_ids(database) == []
        time.sleep(BLINK.total_seconds() * 1.5)

        assert expired_ids(database) == [short.id]
        assert held.id not in expired_ids(database)

    def test_expired_tasks_come_oldest_first_and_as_many_as_asked_for(
        self, database: Database
    ) -> None:
        tasks = [given_a_claimed_task(database, -timedelta(seconds=age)) for age in (1, 3, 2)]

        with database.writing() as work:
            found = work.tasks.expired(2)

        assert [task.id for task in found] == [tasks[1].id, tasks[2].id]
        assert found[0] == tasks[1]

    def test_a_renewed_lease_holds_on(self, database: Database) -> None:
        renewed, left = given_a_claimed_task(database, BLINK), given_a_claimed_task(database, BLINK)

        with database.writing() as work:
            work.tasks.extend_leases(
                [(renewed.id, renewed.fence), (left.id, left.fence - 1), (uuid4(), 1)], LONG
            )
            work.commit()
        time.sleep(BLINK.total_seconds() * 1.5)

        assert expired_ids(database) == [left.id]

    def test_a_task_saved_on_its_way_keeps_its_lease(self, database: Database) -> None:
        task = given_a_claimed_task(database, -LONG)

        assert save(database, task)

        assert expired_ids(database) == [task.id]

    def test_a_finished_task_has_no_lease_to_renew(self, database: Database) -> None:
        task = given_a_claimed_task(database)
        task.hand_back()
        assert save(database, task)

        with database.writing() as work:
            work.tasks.extend_leases([(task.id, task.fence)], LONG)
            work.commit()

        assert claim(database, task.id)

    def test_rings_again_for_a_task_that_nobody_was_told_of(self, opened: Opened) -> None:
        """The broker lost its disk after the outbox was emptied."""
        database = opened.database
        task = given_an_upload(database)
        take_messages(database)
        opened.rings.clear()

        def ring(older_than: timedelta) -> int:
            with database.writing() as work:
                rung = work.tasks.ring_again(older_than, 100)
                work.commit()
            return rung

        assert ring(LONG) == 0
        time.sleep(BLINK.total_seconds())
        assert ring(BLINK) == 1
        assert len(opened.rings) == 1
        assert take_messages(database) == [Message("TaskQueued", task.id, "a-request")]
        assert ring(BLINK) == 0

    def test_does_not_ring_twice_while_a_ring_still_waits(self, database: Database) -> None:
        """Else the outbox would grow with each sweep while the broker is away."""
        given_an_upload(database)
        claimed = given_a_claimed_task(database)
        time.sleep(0.002)

        with database.writing() as work:
            assert work.tasks.ring_again(NOW, 100) == 0
            assert work.outbox.count() == 2

        take_messages(database)
        with database.writing() as work:
            assert work.tasks.ring_again(NOW, 100) == 1
        assert claimed.status is TaskStatus.IN_PROGRESS

    def test_a_task_just_handed_back_has_not_waited_long(self, database: Database) -> None:
        task_id = given_an_upload(database).id
        time.sleep(BLINK.total_seconds())
        task = claim(database, task_id)
        assert task is not None
        task.hand_back()
        assert save(database, task)
        take_messages(database)

        with database.writing() as work:
            assert work.tasks.ring_again(BLINK, 100) == 0

    @pytest.mark.parametrize("event", ["TaskCompleted", "TaskFailed"])
    def test_tells_again_of_an_end_that_nobody_announced(self, opened: Opened, event: str) -> None:
        database = opened.database
        task = given_a_claimed_task(database)
        if event == "TaskCompleted":
            task.complete((a_result(),), NOON)
        else:
            task.fail(Failure(FailureCode.INTERNAL, "No."), NOON)
        assert save(database, task)

        def tell(older_than: timedelta) -> int:
            with database.writing() as work:
                told = work.tasks.announce_again(older_than, 100)
                work.commit()
            return told

        time.sleep(BLINK.total_seconds())
        assert tell(BLINK) == 0  # its message still waits
        take_messages(database)
        opened.rings.clear()
        assert tell(LONG) == 0
        assert tell(BLINK) == 1
        assert len(opened.rings) == 1
        assert take_messages(database) == [Message(event, task.id, "a-request")]
        assert tell(BLINK) == 0

    def test_says_nothing_more_of_an_end_that_was_announced(self, database: Database) -> None:
        task = given_a_claimed_task(database)
        task.complete((a_result(),), NOON)
        assert save(database, task)
        take_messages(database)

        with database.writing() as work:
            work.tasks.mark_announced(task.id)
            work.commit()

        with database.writing() as work:
            assert work.tasks.announce_again(-BLINK, 100) == 0
        assert the_task(database, task.id) == task

    def test_has_no_end_to_tell_of_while_a_task_is_open(self, database: Database) -> None:
        given_an_upload(database)
        given_a_claimed_task(database)
        take_messages(database)

        with database.writing() as work:
            assert work.tasks.announce_again(-BLINK, 100) == 0

    def test_counts_what_waits_and_what_runs(self, database: Database) -> None:
        with database.reading() as work:
            assert work.tasks.count_by_status() == {"queued": 0, "in progress": 0}
        given_an_upload(database)
        given_an_upload(database)
        given_a_claimed_task(database)
        done = given_a_claimed_task(database)
        done.complete((a_result(),), NOON)
        save(database, done)

        with database.reading() as work:
            assert work.tasks.count_by_status() == {"queued": 2, "in progress": 1}


class TestOutbox:
    def messages(self, database: Database, count: int) -> list[Message]:
        messages = [Message("TaskQueued", uuid4(), f"request-{n}") for n in range(count)]
        with database.writing() as work:
            for message in messages:
                work.outbox.add(message)
            work.commit()
        return messages

    def test_gives_due_messages_oldest_first(self, database: Database) -> None:
        messages = self.messages(database, 5)

        with database.writing() as work:
            entries = work.outbox.take_due(3, LONG)
            work.commit()

        assert [entry.message for entry in entries] == messages[:3]

    def test_keeps_what_was_taken_from_others_for_the_lease(self, database: Database) -> None:
        messages = self.messages(database, 3)

        def take(limit: int) -> list[Message]:
            with database.writing() as work:
                entries = work.outbox.take_due(limit, BLINK)
                work.commit()
            return [entry.message for entry in entries]

        assert take(2) == messages[:2]
        assert take(9) == messages[2:]
        assert take(9) == []
        time.sleep(BLINK.total_seconds() * 1.5)
        assert take(9) == messages

    def test_racing_relays_take_each_message_once(self, database: Database) -> None:
        messages = self.messages(database, 60)

        def relay(_: int) -> list[Message]:
            taken: list[Message] = []
            while True:
                with database.writing() as work:
                    entries = work.outbox.take_due(7, LONG)
                    work.commit()
                if not entries:
                    return taken
                taken += [entry.message for entry in entries]

        with ThreadPoolExecutor(3) as pool:
            taken = sum(pool.map(relay, range(3)), [])

        assert sorted(taken, key=messages.index) == messages

    def test_gives_back_what_could_not_be_published(self, database: Database) -> None:
        messages = self.messages(database, 2)

        with database.writing() as work:
            entries = work.outbox.take_due(9, LONG)
            work.outbox.release([entries[0].id], NOW)
            work.outbox.release([entries[1].id], LONG)
            work.commit()

        assert take_messages(database) == messages[:1]

    def test_counts_and_forgets(self, database: Database) -> None:
        self.messages(database, 3)

        with database.writing() as work:
            assert work.outbox.has_due()
            entries = work.outbox.take_due(2, LONG)
            work.outbox.remove([entry.id for entry in entries])
            assert work.outbox.count() == 1
            work.outbox.take_due(2, LONG)
            assert not work.outbox.has_due()
            assert work.outbox.count() == 1

    def test_a_rolled_back_taking_leaves_the_messages_due(self, database: Database) -> None:
        messages = self.messages(database, 2)

        with database.writing() as work:
            work.outbox.take_due(9, LONG)

        assert take_messages(database) == messages


class TestDeliveries:
    def add(self, database: Database, *deliveries: Any) -> None:
        with database.writing() as work:
            work.deliveries.add_new(deliveries)
            work.commit()

    def claim(self, database: Database, delivery_id: UUID, lease: timedelta = LONG) -> Any:
        with database.writing() as work:
            delivery = work.deliveries.claim(delivery_id, lease)
            work.commit()
        return delivery

    def due(self, database: Database) -> list[UUID]:
        with database.reading() as work:
            return [delivery.id for delivery in work.deliveries.due(100)]

    def test_gives_back_what_was_added(self, database: Database) -> None:
        task = given_an_upload(database)
        mail, call = (
            a_delivery(task),
            a_delivery(task, channel=ChannelKind.WEBHOOK, address="https://a.b"),
        )

        self.add(database, mail, call)

        with database.reading() as work:
            found = {delivery.id: delivery for delivery in work.deliveries.of_task(task.id)}
            assert work.deliveries.of_task(uuid4()) == []
        assert found == {mail.id: mail, call.id: call}

    def test_leaves_one_that_is_there_as_it_is(self, database: Database) -> None:
        """The same outcome is announced twice."""
        task = given_an_upload(database)
        first, repeat = a_delivery(task), a_delivery(task)

        self.add(database, first)
        self.add(database, repeat, a_delivery(task, address="other@example.com"))

        with database.reading() as work:
            found = work.deliveries.of_task(task.id)
        assert len(found) == 2
        assert repeat.id not in [delivery.id for delivery in found]

    def test_is_claimed_by_one_until_the_lease_is_over(self, database: Database) -> None:
        delivery = a_delivery(given_an_upload(database))
        self.add(database, delivery)

        assert self.due(database) == [delivery.id]
        assert self.claim(database, delivery.id, BLINK) == delivery
        assert self.claim(database, delivery.id) is None
        assert self.due(database) == []
        time.sleep(BLINK.total_seconds() * 1.5)
        assert self.due(database) == [delivery.id]
        assert self.claim(database, delivery.id) == delivery
        assert self.claim(database, uuid4()) is None

    def test_racing_notifiers_claim_it_once(self, database: Database) -> None:
        task = given_an_upload(database)
        deliveries = [a_delivery(task, address=f"{n}@example.com") for n in range(8)]
        self.add(database, *deliveries)

        with ThreadPoolExecutor(3) as pool:
            won = pool.map(
                lambda _: [d.id for d in deliveries if self.claim(database, d.id)], range(3)
            )

        assert Counter(sum(won, [])) == Counter(delivery.id for delivery in deliveries)

    def test_is_not_claimed_before_it_is_due(self, database: Database) -> None:
        delivery = a_delivery(given_an_upload(database), due_at=datetime.now(UTC) + LONG)
        self.add(database, delivery)

        assert self.claim(database, delivery.id) is None
        assert self.due(database) == []

    def test_a_failed_attempt_is_due_again_when_its_time_comes(self, database: Database) -> None:
        delivery = a_delivery(given_an_upload(database))
        self.add(database, delivery)
        with database.writing() as work:
            work.deliveries.postpone(delivery.id, LONG)
            work.commit()
        claimed = self.claim(database, delivery.id)

        claimed.fail("refused", NOON, may_heal=True)
        with database.writing() as work:
            work.deliveries.save(claimed)
            work.commit()

        assert self.due(database) == [delivery.id]  # noon, and five seconds, was long ago
        again = self.claim(database, delivery.id)
        assert (again.attempts, again.last_error) == (1, "refused")
        assert again.due_at == claimed.due_at

    def test_a_delivered_one_stays_delivered(self, database: Database) -> None:
        """A notifier that lost its lease reports late."""
        delivery = a_delivery(given_an_upload(database))
        self.add(database, delivery)
        first = self.claim(database, delivery.id, NOW)
        late = self.claim(database, delivery.id, NOW)

        first.succeed()
        late.fail("timed out", NOON, may_heal=True)
        with database.writing() as work:
            work.deliveries.save(first)
            work.deliveries.save(late)
            work.commit()

        with database.reading() as work:
            (found,) = work.deliveries.of_task(delivery.task_id)
        assert found.status is DeliveryStatus.DELIVERED
        assert found.last_error is None
        assert self.due(database) == []
        assert self.claim(database, delivery.id) is None

    def test_a_postponed_one_is_left_out_for_a_while(self, database: Database) -> None:
        delivery = a_delivery(given_an_upload(database))
        self.add(database, delivery)

        with database.writing() as work:
            work.deliveries.postpone(delivery.id, BLINK)
            work.commit()

        assert self.due(database) == []
        time.sleep(BLINK.total_seconds() * 1.5)
        assert self.due(database) == [delivery.id]

    def test_a_postponed_one_can_be_claimed(self, database: Database) -> None:
        """Postponing keeps the sweep from ringing twice, not the notifier from answering."""
        delivery = a_delivery(given_an_upload(database))
        self.add(database, delivery)

        with database.writing() as work:
            work.deliveries.postpone(delivery.id, LONG)
            work.commit()

        assert self.claim(database, delivery.id) == delivery

    def test_due_ones_come_oldest_first_and_as_many_as_asked_for(self, database: Database) -> None:
        task = given_an_upload(database)
        deliveries = [
            a_delivery(task, address=f"{hours}@example.com", due_at=NOON - timedelta(hours=hours))
            for hours in (1, 3, 2)
        ]
        self.add(database, *deliveries)

        with database.reading() as work:
            found = work.deliveries.due(2)

        assert found == [deliveries[1], deliveries[2]]


class TestWebhooks:
    def test_keeps_each_users_own_oldest_first(self, database: Database) -> None:
        ada, bob = given_a_user(database), given_a_user(database)
        newer = a_webhook(ada, url="https://a.example.com", created_at=NOON + LONG)
        older = a_webhook(ada)

        with database.writing() as work:
            for webhook in (newer, older, a_webhook(bob)):
                work.webhooks.add(webhook)
            work.commit()

        with database.reading() as work:
            assert work.webhooks.of_user(ada.id) == [older, newer]
            assert work.webhooks.of_user(uuid4()) == []

    def test_refuses_the_same_url_twice(self, database: Database) -> None:
        ada = given_a_user(database)

        with database.writing() as work:
            work.webhooks.add(a_webhook(ada))
            with pytest.raises(AlreadyExists):
                work.webhooks.add(a_webhook(ada))

    def test_removes_ones_own_and_never_anothers(self, database: Database) -> None:
        ada, bob = given_a_user(database), given_a_user(database)
        webhook = a_webhook(ada)

        with database.writing() as work:
            work.webhooks.add(webhook)
            assert not work.webhooks.remove(bob.id, webhook.id)
            assert work.webhooks.of_user(ada.id) == [webhook]
            assert work.webhooks.remove(ada.id, webhook.id)
            assert not work.webhooks.remove(ada.id, webhook.id)
            assert work.webhooks.of_user(ada.id) == []


class TestProcessingLog:
    def test_keeps_each_attempt_in_order(self, database: Database) -> None:
        task = given_an_upload(database)
        entries = [
            LogEntry(task.id, 1, NOON, NOON + LONG, "retried", "storage-unavailable: away", {}),
            LogEntry(task.id, 2, NOON, NOON + LONG, "completed", None, {"edit": 0.25, "put": 1e-5}),
        ]

        with database.writing() as work:
            for entry in entries:
                work.processing_log.add(entry)
            work.commit()

        with database.reading() as work:
            assert work.processing_log.of_task(task.id) == entries
            assert work.processing_log.of_task(uuid4()) == []


class TestBetweenProcesses:
    @pytest.fixture(params=BETWEEN_PROCESSES)
    def shared(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteDatabase]:
        database = OPENERS[request.param](tmp_path, lambda: None)
        migrate(database)
        yield database
        database.close()

    def test_racing_processes_claim_each_task_once(self, shared: SqliteDatabase) -> None:
        tasks = [given_an_upload(shared).id for _ in range(40)]

        won = in_processes(3, lambda: [task for task in tasks if claim(shared, task)])

        assert Counter(sum(won, [])) == Counter(tasks)

    def test_a_reader_sees_one_moment_and_delays_no_writer(self, shared: SqliteDatabase) -> None:
        task = given_an_upload(shared)

        with shared.reading() as work:
            before = work.tasks.get(task.id)
            (claimed,) = in_processes(1, lambda: claim(shared, task.id))
            after = work.tasks.get(task.id)

        assert claimed is not None
        assert before == after == task

    def test_a_writer_that_waits_in_vain_hears_that_the_database_is_unavailable(
        self, shared: SqliteDatabase
    ) -> None:
        impatient = SqliteDatabase(shared.path, busy_seconds=0.02)

        with shared.writing(), pytest.raises(DatabaseUnavailable), impatient.writing():
            pass

        with impatient.writing() as work:
            work.commit()
        impatient.close()


def in_processes(count: int, do: Callable[[], T]) -> list[T]:
    """Return what *do* returns in each of *count* forked processes, started together."""
    fork = multiprocessing.get_context("fork")
    start, answers = fork.Barrier(count), fork.SimpleQueue()

    def run() -> None:
        start.wait(10)
        answers.put(do())

    processes = [fork.Process(target=run) for _ in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    return [answers.get() for _ in processes]
