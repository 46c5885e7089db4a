"""What is special to SQLite; what every database promises stands in the contract."""

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.persistence.migrations import Migrations
from adapters.persistence.sqlite import SqliteDatabase
from application.ports.unit_of_work import DatabaseUnavailable, UnitOfWork
from domain.notifications.channel import NotificationRequest
from domain.tasks.task import Task
from domain.users.user import User
from tests.builders import A_PIPELINE, NOON, a_user, an_image


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    database = SqliteDatabase(tmp_path / "safelight.db")
    Migrations(database).run()
    yield database
    database.close()


def upload(database: SqliteDatabase, user: User) -> UUID:
    image = an_image(user)
    task = Task.queue(
        id=uuid4(),
        image_id=image.id,
        user_id=user.id,
        pipeline=A_PIPELINE,
        assets={},
        notify=NotificationRequest(),
        created_at=datetime.now(UTC),
        correlation_id="a-request",
    )
    with database.writing() as work:
        work.images.add(image, task)
        work.commit()
    return task.id


def add(database: SqliteDatabase, user: User) -> User:
    with database.writing() as work:
        work.users.add(user)
        work.commit()
    return user


class TestDurability:
    def test_a_commit_reaches_the_disk_before_it_returns(self, database: SqliteDatabase) -> None:
        settings = {
            name: database.connection().row(f"PRAGMA {name}")
            for name in ("synchronous", "journal_mode", "foreign_keys")
        }

        full, on = 2, 1
        assert settings == {
            "synchronous": (full,),
            "journal_mode": ("wal",),
            "foreign_keys": (on,),
        }

    def test_nothing_committed_is_lost_when_the_process_is_killed(
        self, database: SqliteDatabase
    ) -> None:
        user = add(database, a_user())
        database.close()

        for _ in range(4):
            promised = self.uploads_until_killed(database, user, random.uniform(0.02, 0.08))

            assert promised
            with database.reading() as work:
                assert all(work.tasks.get(task_id) for task_id in promised)
            check = database.connection()
            assert check.row("PRAGMA integrity_check") == ("ok",)
            assert check.rows("PRAGMA foreign_key_check") == []
            assert check.row(
                """
                SELECT count(*) FROM images i
                WHERE (SELECT count(*) FROM tasks t WHERE t.image_id = i.id) <> 1
                   OR (SELECT count(*) FROM outbox o WHERE o.subject_id = i.newest_task_id) <> 1
                """
            ) == (0,)

    def uploads_until_killed(
        self, database: SqliteDatabase, user: User, seconds: float
    ) -> list[UUID]:
        """Upload in a child process, kill it in the middle, and return what it had promised."""
        answers, ours = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                while True:
                    os.write(ours, upload(database, user).bytes)
            finally:
                os._exit(1)  # never back into the test runner
        os.close(ours)
        first = os.read(answers, 16)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(answers, "rb") as rest:
            told = first + rest.read()
        return [UUID(bytes=told[start : start + 16]) for start in range(0, len(told), 16)]


class TestFailures:
    def test_a_full_disk_makes_the_database_unavailable_and_changes_nothing(
        self, database: SqliteDatabase
    ) -> None:
        user = add(database, a_user())
        pages = database.connection().row("PRAGMA page_count")
        assert pages is not None
        database.connection().rows(f"PRAGMA max_page_count = {pages[0]}")

        with pytest.raises(DatabaseUnavailable):
            while True:
                task_id = upload(database, user)

        database.connection().rows("PRAGMA max_page_count = 1000000")
        assert upload(database, user) != task_id

    def test_a_missing_folder_makes_it_unavailable(self, tmp_path: Path) -> None:
        with pytest.raises(DatabaseUnavailable):
            SqliteDatabase(tmp_path / "nowhere" / "safelight.db").ping()

    def test_a_file_of_another_kind_is_not_taken_for_a_busy_one(self, tmp_path: Path) -> None:
        """Waiting does not turn a picture into a database."""
        path = tmp_path / "safelight.db"
        path.write_bytes(b"\x89PNG" * 1000)

        with pytest.raises(sqlite3.DatabaseError):
            SqliteDatabase(path).ping()

    def test_missing_tables_are_not_taken_for_a_busy_database(self, tmp_path: Path) -> None:
        database = SqliteDatabase(tmp_path / "safelight.db")

        with pytest.raises(sqlite3.OperationalError), database.reading() as work:
            work.users.get(uuid4())

    def test_a_thread_that_waits_in_vain_for_another_hears_so(self, tmp_path: Path) -> None:
        database = SqliteDatabase(tmp_path / "safelight.db", busy_seconds=0.02)

        def write() -> None:
            with database.writing():
                pass

        with ThreadPoolExecutor(1) as pool, database.writing():
            with pytest.raises(DatabaseUnavailable):
                pool.submit(write).result()
        write()


class TestConnections:
    def test_a_forked_process_opens_its_own(self, database: SqliteDatabase) -> None:
        user = add(database, a_user())
        ours = database.connection()

        child = os.fork()
        if child == 0:
            status = 1
            try:
                with database.reading() as work:
                    seen = work.users.get(user.id) == user
                status = 0 if seen and database.connection() is not ours else 1
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)

        assert status == 0
        assert database.connection() is ours
        assert upload(database, user)

    def test_closing_closes_those_of_every_thread(self, database: SqliteDatabase) -> None:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda _: add(database, a_user()), range(9)))
            database.close()

            assert isinstance(database.path, Path)
            assert not Path(f"{database.path}-wal").exists()  # the last one to leave removes it

    def test_two_databases_in_memory_know_nothing_of_each_other(self) -> None:
        one, other = SqliteDatabase(":memory:"), SqliteDatabase(":memory:")
        Migrations(one).run()
        Migrations(other).run()

        user = add(one, a_user())

        with other.reading() as work:
            assert work.users.get(user.id) is None


class TestClock:
    @pytest.mark.parametrize("seconds", [0.0, 0.25, 1.0, -3600.0, 1e-5, 75 * 3600.0])
    def test_times_written_by_us_and_by_the_database_compare_as_text(
        self, database: SqliteDatabase, seconds: float
    ) -> None:
        connection = database.connection()

        before = datetime.now(UTC) - timedelta(milliseconds=2)
        (after_text,) = connection.row("SELECT clock_after(:delay)", delay=seconds) or ("",)
        ours, as_text = connection.row(
            "SELECT :moment, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')", moment=before
        ) or ("", "")

        assert len(ours) == len(as_text) == len(after_text) == len("2026-03-14T12:00:00.000Z")
        assert ours < as_text
        drift = connection.as_time(after_text) - (before + timedelta(seconds=seconds))
        assert timedelta(milliseconds=-2) < drift < timedelta(seconds=5)

    def test_a_time_without_a_zone_is_refused(self, database: SqliteDatabase) -> None:
        with pytest.raises(ValueError, match="zone"):
            add(database, a_user(created_at=datetime(2026, 3, 14)))  # noqa: DTZ001


class TestIndexes:
    @pytest.mark.parametrize(
        ("index", "ask"),
        [
            ("tasks_queued", lambda work: work.tasks.ring_again(timedelta(), 10)),
            ("tasks_unannounced", lambda work: work.tasks.announce_again(timedelta(), 10)),
            ("tasks_leased", lambda work: work.tasks.expired(10)),
            ("outbox_due", lambda work: work.outbox.take_due(10, timedelta())),
            ("outbox_due", lambda work: work.outbox.has_due()),
            ("deliveries_due", lambda work: work.deliveries.due(10)),
            ("deliveries_due", lambda work: work.deliveries.has_due()),
            ("users_email", lambda work: work.users.by_email("ada@example.com")),
            ("users_username_key", lambda work: work.users.by_username("ada")),
            ("assets_name", lambda work: work.assets.find(uuid4(), "logo.png")),
            ("assets_n", lambda work: work.assets.owned(uuid4(), "logo.png")),
            ("assets_newest", lambda work: work.assets.amount_of(uuid4())),
        ],
    )
    def test_no_question_reads_a_whole_table(
        self, database: SqliteDatabase, index: str, ask: Callable[[UnitOfWork], object]
    ) -> None:
        plans = plans_of(database, ask)

        assert any(index in step for step in plans)
        assert not any(step.startswith("SCAN") for step in plans)

    @pytest.mark.parametrize(
        ("after", "condition"),
        [
            (None, "user_id=?"),
            ((NOON, UUID(int=7)), "user_id=? AND (created_at,id)<(?,?)"),
        ],
        ids=["first", "next"],
    )
    def test_a_customers_images_come_newest_first_without_sorting(
        self, database: SqliteDatabase, after: Any, condition: str
    ) -> None:
        """A page begins where the one before ended, and reads no image but its own."""
        plans = plans_of(database, lambda work: work.images.page(uuid4(), after, 20))

        assert plans == [f"SEARCH images USING INDEX images_user ({condition})"]

    def test_who_needs_a_file_is_asked_of_those_alone_that_came_with_some(
        self, database: SqliteDatabase
    ) -> None:
        plans = plans_of(database, lambda work: work.tasks.need_file("ab/0"))

        assert plans == ["SCAN tasks USING INDEX tasks_needing_files"]

    def test_a_page_of_assets_reads_no_more_of_each_kind_than_it_shows(
        self, database: SqliteDatabase
    ) -> None:
        plans = plans_of(database, lambda work: work.assets.page(uuid4(), None, 20))

        [own, shared] = [step for step in plans if "assets_newest" in step]
        assert own.startswith("SEARCH") and shared.startswith("SEARCH")


def plans_of(database: SqliteDatabase, ask: Callable[[UnitOfWork], object]) -> list[str]:
    """Return each step of the plans of what *ask* asks."""
    asked: list[str] = []
    raw = database.connection().raw
    raw.set_trace_callback(asked.append)
    with database.writing() as work:
        ask(work)
    raw.set_trace_callback(None)
    return [
        row[3]
        for sql in asked
        if sql.split(None, 1)[0] in ("SELECT", "UPDATE", "WITH")
        for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}")
    ]
