"""What is special to PostgreSQL; what every database promises stands in the contract."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import attrs
import psycopg
import pytest

from adapters.persistence.migrations import Migrations
from adapters.persistence.postgres import PostgresDatabase
from adapters.persistence.postgres_pool import WrongDatabaseURL
from application.ports.message_publisher import Message
from application.ports.unit_of_work import Database, DatabaseUnavailable, UnitOfWork
from domain.tasks.log_entry import LogEntry
from domain.tasks.task import Task
from domain.users.user import User
from tests.builders import NOON, a_delivery, a_task, a_user, an_image
from tests.services.postgres import Postgres, PrivatePostgres

MINUTE = timedelta(minutes=1)

Open = Callable[..., PostgresDatabase]


def opener(server: Postgres) -> Iterator[Open]:
    """Return what opens one and the same new database as often as it is called."""
    url = server.create_database()
    with ExitStack() as stack:

        def open(**settings: Any) -> PostgresDatabase:
            database = PostgresDatabase(url, **settings)
            stack.callback(database.close)
            return database

        yield open
    server.drop_database(url)


@pytest.fixture
def open(postgres: Postgres) -> Iterator[Open]:
    yield from opener(postgres)


@pytest.fixture
def open_on_mortal(mortal_postgres: PrivatePostgres) -> Iterator[Open]:
    yield from opener(mortal_postgres)


def write(database: Database, change: Callable[[UnitOfWork], Any]) -> Any:
    with database.writing() as work:
        answer = change(work)
        work.commit()
    return answer


def add(database: Database, user: User | None = None) -> User:
    user = user or a_user()
    write(database, lambda work: work.users.add(user))
    return user


def find(database: Database, user: User) -> User | None:
    with database.reading() as work:
        return work.users.get(user.id)


def upload(database: Database) -> Task:
    image = an_image(add(database))
    task = a_task(image)
    write(database, lambda work: work.images.add(image, task))
    return task


def pid_of(database: PostgresDatabase) -> int:
    """Return the server's process for the only connection of *database*."""
    with database.connection() as connection:
        return connection.raw.info.backend_pid


def hang_up(database: PostgresDatabase, pid: int) -> None:
    with database.connection() as connection:
        connection.rows("SELECT pg_terminate_backend(:pid::int, 5000)", pid=pid)


class TestLostConnections:
    def test_a_server_that_was_restarted_is_found_again_at_once(
        self, mortal_postgres: PrivatePostgres, open_on_mortal: Open
    ) -> None:
        database = open_on_mortal()
        user = add(database)
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda _: pid_of(database), range(60)))  # many idle connections

        for _ in range(2):
            mortal_postgres.halt()
            mortal_postgres.start()

            assert find(database, user) == user
            add(database)

    def test_while_the_server_is_away_nobody_waits_for_long(
        self, mortal_postgres: PrivatePostgres, open_on_mortal: Open
    ) -> None:
        database = open_on_mortal(connection_seconds=2.0)
        user = add(database)

        mortal_postgres.halt()
        waits = []
        for _ in range(4):
            started = time.monotonic()
            with pytest.raises(DatabaseUnavailable, match="refused") as refused:
                add(database)
            waits.append(time.monotonic() - started)
        mortal_postgres.start()
        back = time.monotonic()
        while True:
            try:
                assert find(database, user) == user
                break
            except DatabaseUnavailable:
                assert time.monotonic() - back < 5

        assert refused.value.transient
        assert max(waits) < 1

    def test_one_that_dies_within_a_transaction_undoes_it(self, open: Open) -> None:
        database, beside = open(pool_size=1), open()
        user = a_user()
        pid = pid_of(database)

        with pytest.raises(DatabaseUnavailable), database.writing() as work:
            work.users.add(user)
            hang_up(beside, pid)
            work.users.get(user.id)

        assert find(database, user) is None
        add(database, user)

    def test_one_that_dies_before_the_commit_says_so(self, open: Open) -> None:
        rings: list[str] = []
        database = open(pool_size=1, on_outbox=lambda: rings.append("rung"))
        beside = open()
        pid = pid_of(database)

        with pytest.raises(DatabaseUnavailable), database.writing() as work:
            work.outbox.add(Message("TaskQueued", uuid4(), "a-request"))
            hang_up(beside, pid)
            work.commit()

        assert rings == []
        with database.reading() as work:
            assert work.outbox.count() == 0

    def test_a_server_that_stands_still_is_given_up(
        self, mortal_postgres: PrivatePostgres, open_on_mortal: Open
    ) -> None:
        database = open_on_mortal(statement_seconds=0.2, pool_size=1)
        user = add(database)

        mortal_postgres.freeze()
        try:
            started = time.monotonic()
            with pytest.raises(DatabaseUnavailable):
                find(database, user)
            waited = time.monotonic() - started
        finally:
            mortal_postgres.thaw()

        assert 2 < waited < 5
        assert find(database, user) == user

    def test_a_forked_process_opens_its_own(self, open: Open) -> None:
        database = open(pool_size=1)
        user = add(database)
        ours = pid_of(database)

        child = os.fork()
        if child == 0:
            status = 1
            try:
                seen = find(database, user) == user
                status = 0 if seen and pid_of(database) != ours else 1
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)

        assert status == 0
        assert pid_of(database) == ours

    def test_closed_it_can_be_opened_again(self, open: Open) -> None:
        database = open()
        user = add(database)

        database.close()
        database.close()

        assert find(database, user) == user


class TestPool:
    def test_whoever_finds_no_connection_free_hears_so_in_time(self, open: Open) -> None:
        database = open(pool_size=1, connection_seconds=0.3)

        with ThreadPoolExecutor(1) as other, database.writing():
            started = time.monotonic()
            with pytest.raises(DatabaseUnavailable, match="no connection was free"):
                other.submit(add, database).result()
            waited = time.monotonic() - started

        assert 0.25 < waited < 1
        add(database)

    def test_more_threads_than_connections_take_turns(self, open: Open) -> None:
        database = open(pool_size=2)

        with ThreadPoolExecutor(12) as pool:
            users = list(pool.map(lambda _: add(database), range(60)))

        assert all(find(database, user) for user in users)

    def test_what_a_transaction_leaves_behind_is_not_lent_on(self, open: Open) -> None:
        database = open(pool_size=1)
        user = add(database)

        with pytest.raises(psycopg.errors.DivisionByZero), database.connection() as connection:
            with connection.transaction(b"BEGIN"):
                connection.rows("SELECT 1 / 0")

        assert find(database, user) == user


class TestFailures:
    @pytest.mark.parametrize(
        "code", "08006 25006 25P03 40001 40P01 53100 53300 55P03 57014 57P01 58030".split()
    )
    def test_what_may_pass_makes_the_database_unavailable(self, open: Open, code: str) -> None:
        database = open()

        with pytest.raises(DatabaseUnavailable), database.writing(), database.connection() as it:
            it.change(f"DO $$ BEGIN RAISE SQLSTATE '{code}'; END $$")

        add(database)

    @pytest.mark.parametrize("code", "22012 42P01 23503 P0001 54000".split())
    def test_what_will_not_pass_stays_what_it_is(self, open: Open, code: str) -> None:
        with pytest.raises(psycopg.Error) as error, open().connection() as connection:
            connection.change(f"DO $$ BEGIN RAISE SQLSTATE '{code}'; END $$")

        assert error.value.sqlstate == code

    def test_of_two_who_wait_for_each_other_one_hears_so(self, open: Open) -> None:
        database = open()
        ada, bob = add(database), add(database)
        together = threading.Barrier(2)

        def update(first: User, second: User) -> bool:
            with database.writing() as work:
                work.users.update(first)
                together.wait(5)
                try:
                    work.users.update(second)
                except DatabaseUnavailable:
                    return False
                work.commit()
            return True

        with ThreadPoolExecutor(2) as pool:
            ends = list(pool.map(update, (ada, bob), (bob, ada)))

        assert sorted(ends) == [False, True]

    def test_a_statement_that_takes_too_long_is_ended(self, open: Open) -> None:
        database = open(statement_seconds=0.1)

        with pytest.raises(DatabaseUnavailable), database.connection() as connection:
            connection.rows("SELECT pg_sleep(5)")

        database.ping()

    def test_a_database_that_is_not_there_is_named(self, postgres: Postgres) -> None:
        database = PostgresDatabase(postgres.url_of("nowhere"))

        with pytest.raises(DatabaseUnavailable, match="nowhere"):
            database.ping()
        database.close()

    @pytest.mark.parametrize("url", ["postgresql://u:hush%zz@host/db", "hush", "hush=1 port"])
    def test_an_address_that_is_none_is_refused_without_telling_it(self, url: str) -> None:
        with pytest.raises(WrongDatabaseURL) as refused:
            PostgresDatabase(url)

        assert "hush" not in str(refused.value)

    def test_missing_tables_are_not_taken_for_a_busy_database(self, postgres: Postgres) -> None:
        url = postgres.create_database(empty=True)
        database = PostgresDatabase(url)

        with pytest.raises(psycopg.errors.UndefinedTable):
            find(database, a_user())
        database.close()
        postgres.drop_database(url)


class TestTransactions:
    def test_whoever_only_reads_can_change_nothing(self, open: Open) -> None:
        database = open()
        user = a_user()

        with database.reading() as work:
            for change in (
                lambda: work.users.add(user),
                lambda: work.outbox.take_due(1, MINUTE),
                lambda: work.deliveries.due(1),
            ):
                with pytest.raises(RuntimeError):
                    change()

        assert find(database, user) is None

    def test_a_failed_transaction_is_not_taken_for_a_committed_one(self, open: Open) -> None:
        """To the server, COMMIT after a failure is a way to undo."""
        database = open()
        user = a_user()

        with database.writing() as work:
            work.users.add(user)
            with pytest.raises(psycopg.errors.ForeignKeyViolation):
                image = an_image(a_user())
                work.images.add(image, a_task(image))
            with pytest.raises(RuntimeError):
                work.commit()

        assert find(database, user) is None

    @pytest.mark.parametrize(("durable", "setting"), [(True, "on"), (False, "off")])
    def test_a_commit_waits_for_the_disk_unless_told_otherwise(
        self, open: Open, durable: bool, setting: str
    ) -> None:
        database = open(pool_size=1)

        with database.writing(durable=durable) as work:
            within = work.outbox._connection.row("SHOW synchronous_commit")
        with database.connection() as connection:
            afterwards = connection.row("SHOW synchronous_commit")

        assert (within, afterwards) == ((setting,), ("on",))


class TestSkippingLocks:
    def test_takers_do_not_wait_for_each_other(self, open: Open) -> None:
        one, other = open(), open(busy_seconds=0.2)
        tasks = [upload(one) for _ in range(5)]
        deliveries = [a_delivery(task) for task in tasks]
        write(one, lambda work: work.deliveries.add_new(deliveries))
        for task in tasks:
            write(one, lambda work: work.tasks.claim(task.id, timedelta()))
        for _ in tasks:
            write(one, lambda work: work.outbox.add(Message("TaskQueued", uuid4(), "a-request")))

        def take(work: UnitOfWork, limit: int) -> list[set[object]]:
            return [
                {task.id for task in work.tasks.expired(limit)},
                {entry.id for entry in work.outbox.take_due(limit, MINUTE)},
                {delivery.id for delivery in work.deliveries.due(limit)},
            ]

        with one.writing() as here, other.writing() as there:
            first = take(here, 2)
            rest = take(there, 10)

        for mine, theirs in zip(first, rest, strict=True):
            assert (len(mine), len(theirs)) == (2, 3)
            assert not mine & theirs


class TestValues:
    def test_a_nul_character_does_no_harm(self, open: Open) -> None:
        """No text of PostgreSQL holds one; what a decoder said last must be kept all the same."""
        database = open()
        task = upload(database)
        entry = LogEntry(task.id, 1, NOON, NOON, "failed", "bad\0 \\u0000", {"a\0\\\\u0000": 0.5})

        write(database, lambda work: work.processing_log.add(entry))

        with database.reading() as work:
            assert work.users.by_email("ada\0@example.com") is None
            assert work.assets.find(uuid4(), "logo\0.png") is None
            [found] = work.processing_log.of_task(task.id)
        assert found == attrs.evolve(
            entry, error="bad\ufffd \\u0000", stage_seconds={"a\ufffd\\\\u0000": 0.5}
        )

    def test_a_time_without_a_zone_is_refused(self, open: Open) -> None:
        with pytest.raises(ValueError, match="zone"):
            add(open(), a_user(created_at=datetime(2026, 3, 14)))

    @pytest.mark.parametrize("seconds", [0.0, 0.25, -3600.0, 1e-5, 75 * 3600.0])
    def test_the_clock_is_the_servers(self, open: Open, seconds: float) -> None:
        with open().connection() as connection:
            later, now = connection.row("SELECT clock_after(:s), clock_now()", s=seconds) or ()

        assert later - now == timedelta(seconds=seconds)
        assert now.utcoffset() == timedelta()

    def test_the_columns_have_the_types_of_the_system_design(self, open: Open) -> None:
        moment = "timestamp with time zone"
        design = {
            "images": {
                "id": "uuid",
                "file_path": "text",
                "user_id": "uuid",
                "processing_task": "jsonb",
                "status": "text",
                "created_at": moment,
                "updated_at": moment,
            },
            "users": {
                "id": "uuid",
                "username": "character varying",
                "email": "character varying",
                "password_hash": "text",
                "roles": "text[]",
                "created_at": moment,
                "updated_at": moment,
            },
        }
        with open().connection() as connection:
            for table, columns in design.items():
                there = connection.rows(
                    """
                    SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
                    WHERE attrelid = to_regclass(:table) AND attnum > 0
                    """,
                    table=table,
                )
                assert columns.items() <= dict(there).items()


def test_an_address_is_found_by_its_own_letters_alone(postgres: Postgres) -> None:
    """Most locales make a small i of İ, too: guesses at one account would count for another."""
    url = postgres.create_database(empty=True, locale="C.UTF-8")
    database = PostgresDatabase(url)
    try:
        Migrations(database).run()
        user = add(database, a_user(email="ida@example.com"))
        with database.reading() as work:
            assert work.users.by_email("IDA@example.com") == user
            assert work.users.by_email("\u0130da@example.com") is None
    finally:
        database.close()
        postgres.drop_database(url)
