"""How a database gets the tables of this version."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.persistence.migrations import (
    Migration,
    MigrationEdited,
    MigrationFailed,
    Migrations,
    shipped_migrations,
)
from adapters.persistence.sqlite import SqliteDatabase

ONE = Migration("0001_one", "CREATE TABLE one (id INTEGER);\n")
TWO = Migration(
    "0002_two",
    """
-- A comment; with a semicolon.
CREATE TABLE two (id INTEGER);
CREATE TRIGGER follow AFTER INSERT ON one BEGIN
    INSERT INTO two VALUES (new.id);
    INSERT INTO two VALUES (new.id);
END;
INSERT INTO one VALUES (7)""",
)
BROKEN = Migration(
    "0003_broken", "CREATE TABLE three (id INTEGER);\nCREATE TABLE one (id INTEGER);"
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    database = SqliteDatabase(tmp_path / "safelight.db", durable=False)
    yield database
    database.close()


def tables(database: SqliteDatabase) -> set[str]:
    rows = database.connection().rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {row[0] for row in rows}


class TestMigrate:
    def test_runs_what_ships_once(self, database: SqliteDatabase) -> None:
        shipped = [migration.name for migration in shipped_migrations(database.migrations)]

        assert Migrations(database).pending() == shipped
        assert Migrations(database).run() == shipped
        assert Migrations(database).pending() == []
        assert Migrations(database).run() == []

    def test_runs_every_statement_of_a_file_in_order(self, database: SqliteDatabase) -> None:
        assert Migrations(database, [ONE]).run() == ["0001_one"]
        assert Migrations(database, [ONE, TWO]).run() == ["0002_two"]

        assert database.connection().rows("SELECT id FROM two") == [(7,), (7,)]

    def test_leaves_nothing_of_a_file_that_fails(self, database: SqliteDatabase) -> None:
        with pytest.raises(MigrationFailed, match="0003_broken"):
            Migrations(database, [ONE, TWO, BROKEN]).run()

        assert "three" not in tables(database)
        assert {"one", "two"} <= tables(database)
        assert Migrations(database, [ONE, TWO, BROKEN]).pending() == ["0003_broken"]

    def test_refuses_a_file_that_was_edited_after_it_ran(self, database: SqliteDatabase) -> None:
        Migrations(database, [ONE]).run()
        edited = Migration(ONE.name, ONE.sql + "-- oh")

        migrations = Migrations(database, [edited, TWO])
        for step in (migrations.run, migrations.pending):
            with pytest.raises(MigrationEdited, match="0001_one"):
                step()
        assert "two" not in tables(database)

    def test_leaves_a_newer_versions_tables_alone(self, database: SqliteDatabase) -> None:
        """Old and new run side by side during an upgrade."""
        Migrations(database, [ONE, TWO]).run()

        assert Migrations(database, [ONE]).run() == []

    def test_four_at_once_run_each_file_once(self, database: SqliteDatabase) -> None:
        fork = multiprocessing.get_context("fork")
        start, answers = fork.Barrier(4), fork.SimpleQueue()

        def run() -> None:
            start.wait(10)
            answers.put(Migrations(database, [ONE, TWO]).run())

        runners = [fork.Process(target=run) for _ in range(4)]
        for runner in runners:
            runner.start()
        for runner in runners:
            runner.join(30)
            assert runner.exitcode == 0

        assert sorted(sum((answers.get() for _ in runners), [])) == ["0001_one", "0002_two"]


class TestTables:
    @pytest.mark.parametrize(
        ("table", "columns"),
        [
            (
                "images",
                "id file_path user_id processing_task status created_at updated_at",
            ),
            ("users", "id username email password_hash roles created_at updated_at"),
        ],
    )
    def test_have_the_columns_of_the_system_design(
        self, database: SqliteDatabase, table: str, columns: str
    ) -> None:
        Migrations(database).run()

        there = {row[1] for row in database.connection().rows(f"PRAGMA table_info({table})")}

        assert set(columns.split()) <= there
