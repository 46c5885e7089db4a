"""How a database gets the tables of this version."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.persistence.migrations import (
    Migration,
    MigrationEdited,
    MigrationFailed,
    Migrations,
    shipped_migrations,
)
from adapters.persistence.postgres import PostgresDatabase
from adapters.persistence.sqlite import SqliteDatabase

ONE = Migration("0001_one", "CREATE TABLE one (id INTEGER);\n")
BROKEN = Migration(
    "0003_broken", "CREATE TABLE three (id INTEGER);\nCREATE TABLE one (id INTEGER);"
)
IN_SQLITE = """
CREATE TRIGGER follow AFTER INSERT ON one BEGIN
    INSERT INTO two VALUES (new.id);
    INSERT INTO two VALUES (new.id);
END;
"""
IN_POSTGRES = """
CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO two VALUES (new.id);
    INSERT INTO two VALUES (new.id % 100);  -- as in:sqlite
    RETURN new;
END $$;
CREATE TRIGGER follow AFTER INSERT ON one FOR EACH ROW EXECUTE FUNCTION follow();
"""

AnyDatabase = SqliteDatabase | PostgresDatabase


def two(database: AnyDatabase) -> Migration:
    """A file of several statements, of which one holds others."""
    return Migration(
        "0002_two",
        "-- A comment; with a semicolon.\nCREATE TABLE two (id INTEGER);"
        + (IN_SQLITE if isinstance(database, SqliteDatabase) else IN_POSTGRES)
        + "INSERT INTO one VALUES (7)",
    )


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyDatabase]:
    if request.param == "sqlite":
        file = SqliteDatabase(tmp_path / "safelight.db", durable=False)
        yield file
        file.close()
    else:
        server = request.getfixturevalue("postgres")
        url = server.create_database(empty=True)
        database = PostgresDatabase(url)
        yield database
        database.close()
        server.drop_database(url)


def ask(database: AnyDatabase, sql: str) -> list[tuple[Any, ...]]:
    with database.exclusive() as connection:
        return [tuple(row) for row in connection.rows(sql)]


def tables(database: AnyDatabase) -> set[str]:
    return {
        name
        for (name,) in ask(
            database,
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            if isinstance(database, SqliteDatabase)
            else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
        )
    }


def columns(database: AnyDatabase, table: str) -> dict[str, str]:
    """Return the types of a table's columns."""
    return dict(
        ask(
            database,
            f"SELECT name, type FROM pragma_table_xinfo('{table}')"
            if isinstance(database, SqliteDatabase)
            else f"""
                SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
                WHERE attrelid = '{table}'::regclass AND attnum > 0
            """,
        )
    )


class TestMigrate:
    def test_runs_what_ships_once(self, database: AnyDatabase) -> None:
        shipped = [migration.name for migration in shipped_migrations(database.migrations)]

        assert Migrations(database).pending() == shipped
        assert Migrations(database).run() == shipped
        assert Migrations(database).pending() == []
        assert Migrations(database).run() == []

    def test_runs_every_statement_of_a_file_in_order(self, database: AnyDatabase) -> None:
        assert Migrations(database, [ONE]).run() == ["0001_one"]
        assert Migrations(database, [ONE, two(database)]).run() == ["0002_two"]

        assert ask(database, "SELECT id FROM two") == [(7,), (7,)]

    def test_leaves_nothing_of_a_file_that_fails(self, database: AnyDatabase) -> None:
        with pytest.raises(MigrationFailed, match="0003_broken"):
            Migrations(database, [ONE, two(database), BROKEN]).run()

        assert "three" not in tables(database)
        assert {"one", "two"} <= tables(database)
        assert Migrations(database, [ONE, two(database), BROKEN]).pending() == ["0003_broken"]

    def test_refuses_a_file_that_was_edited_after_it_ran(self, database: AnyDatabase) -> None:
        Migrations(database, [ONE]).run()
        edited = Migration(ONE.name, ONE.sql + "-- oh")

        migrations = Migrations(database, [edited, two(database)])
        for step in (migrations.run, migrations.pending):
            with pytest.raises(MigrationEdited, match="0001_one"):
                step()
        assert "two" not in tables(database)

    def test_leaves_a_newer_versions_tables_alone(self, database: AnyDatabase) -> None:
        """Old and new run side by side during an upgrade."""
        Migrations(database, [ONE, two(database)]).run()

        assert Migrations(database, [ONE]).run() == []

    def test_four_at_once_run_each_file_once(self, database: AnyDatabase) -> None:
        fork = multiprocessing.get_context("fork")
        start, answers = fork.Barrier(4), fork.SimpleQueue()

        def run() -> None:
            start.wait(10)
            answers.put(Migrations(database, [ONE, two(database)]).run())

        runners = [fork.Process(target=run) for _ in range(4)]
        for runner in runners:
            runner.start()
        for runner in runners:
            runner.join(30)
            assert runner.exitcode == 0

        assert sorted(sum((answers.get() for _ in runners), [])) == ["0001_one", "0002_two"]


class TestTables:
    @pytest.mark.parametrize(
        ("table", "names"),
        [
            (
                "images",
                "id file_path user_id processing_task status created_at updated_at",
            ),
            ("users", "id username email password_hash roles created_at updated_at"),
        ],
    )
    def test_have_the_columns_of_the_system_design(
        self, database: AnyDatabase, table: str, names: str
    ) -> None:
        Migrations(database).run()

        assert set(names.split()) <= set(columns(database, table))

    def test_are_the_same_in_every_dialect(self, database: AnyDatabase) -> None:
        Migrations(database).run()
        model = SqliteDatabase(":memory:")
        Migrations(model).run()

        ours, theirs = tables(database), tables(model) - {"sqlite_sequence"}
        assert ours - {"sqlite_sequence"} == theirs
        assert {table: set(columns(database, table)) for table in theirs} == {
            table: set(columns(model, table)) for table in theirs
        }
