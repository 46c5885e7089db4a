"""The commands of whoever looks after the platform, run as they run them."""

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.persistence.sqlite import SqliteDatabase
from adapters.storage.disk import DiskObjectStore
from domain.tasks.task import Failure, FailureCode, Task
from tests.builders import a_result, a_user, an_image
from tests.contracts.test_unit_of_work import a_queued_task, write
from tests.unit.entrypoints.test_command_line import safelight

POISONED = Failure(FailureCode.POISONED, "The picture is set aside.")


class Premises:
    """A data directory as `safelight migrate` leaves it, and what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.here = {"SAFELIGHT_DATA_DIR": str(folder)}
        assert safelight("migrate", **self.here).returncode == 0
        self.database = SqliteDatabase(folder / "safelight.sqlite")
        self.store = DiskObjectStore(folder / "storage")

    def put(self, key: str, content: bytes) -> None:
        with self.store.stage() as staged:
            staged.write(content)
            self.store.put(key, staged)

    def a_claimed_task(self) -> Task:
        user = a_user()
        id = uuid4()
        content = b"a picture"
        image = an_image(
            user, id=id, file_path=f"{id}/0", byte_size=len(content), sha256=digest(content)
        )
        self.put(image.file_path, content)
        task = a_queued_task(image, created_at=datetime.now(UTC))
        write(self.database, lambda work: work.users.add(user))
        write(self.database, lambda work: work.images.add(image, task))
        return write(self.database, lambda work: work.tasks.claim(task.id, timedelta(minutes=1)))

    def a_failed_task(self) -> Task:
        task = self.a_claimed_task()
        task.fail(POISONED, datetime.now(UTC))
        write(self.database, lambda work: work.tasks.save_if_held(task))
        return task

    def a_completed_task(self) -> Task:
        task, content = self.a_claimed_task(), os.urandom(1000)
        key = f"{task.id}/{task.fence}"
        self.put(key, content)
        result = a_result(file_path=key, byte_size=len(content), sha256=digest(content))
        task.complete((result,), datetime.now(UTC))
        write(self.database, lambda work: work.tasks.save_if_held(task))
        return task

    def status_of(self, task: Task) -> str:
        with self.database.reading() as work:
            found = work.tasks.get(task.id)
        assert found is not None
        return found.status.value


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def premises(tmp_path: Path) -> Premises:
    return Premises(tmp_path / "data")


def test_every_command_teaches() -> None:
    for words in (
        ["tasks"], ["tasks", "list"], ["tasks", "show"], ["tasks", "requeue"], ["tasks", "drop"],
        ["sweep-orphans"], ["retain"], ["backup"], ["backup-check"],
    ):  # fmt: skip
        outcome = safelight(*words, "--help")

        assert outcome.returncode == 0, outcome.stderr
        assert "Usage: safelight " + words[0] in outcome.stdout


class TestTasks:
    def test_are_listed_a_page_at_a_time(self, premises: Premises) -> None:
        tasks = [premises.a_failed_task() for _ in range(3)]
        newest_first = [str(task.id) for task in reversed(tasks)]

        first = safelight("tasks", "list", "--limit", "2", **premises.here)
        second = safelight("tasks", "list", "--after", newest_first[1], "--json", **premises.here)

        assert [line.split()[0] for line in first.stdout.splitlines()[1:3]] == newest_first[:2]
        assert "poisoned" in first.stdout and f"--after {newest_first[1]}" in first.stdout
        assert [task["taskId"] for task in json.loads(second.stdout)] == newest_first[2:]
        none = safelight("tasks", "list", "--code", "truncated", **premises.here)
        assert (none.returncode, none.stdout) == (0, "No task is failed and as you say.\n")

    def test_one_is_shown_in_all_detail(self, premises: Premises) -> None:
        task = premises.a_failed_task()

        shown = safelight("tasks", "show", str(task.id), **premises.here)
        document = json.loads(
            safelight("tasks", "show", str(task.id), "--json", **premises.here).stdout
        )

        assert "poisoned" in shown.stdout and "deliveries: none" in shown.stdout
        assert (document["code"], document["attempts"]) == ("poisoned", 1)

    def test_are_put_back_by_name_or_all_at_once(self, premises: Premises) -> None:
        one, others = premises.a_failed_task(), [premises.a_failed_task() for _ in range(2)]
        done = premises.a_completed_task()

        named = safelight("tasks", "requeue", str(one.id), str(done.id), **premises.here)
        rest = safelight("tasks", "requeue", "--all", "--code", "poisoned", **premises.here)

        assert (named.returncode, named.stdout) == (1, "Put back: 1.\n")
        assert f"{done.id}: a task that is completed cannot be put back" in named.stderr
        assert (rest.returncode, rest.stdout) == (0, "Put back: 2.\n")
        assert {premises.status_of(task) for task in (one, *others)} == {"queued"}

    def test_are_dropped_only_by_those_who_say_yes(self, premises: Premises) -> None:
        task = premises.a_failed_task()

        asked = safelight("tasks", "drop", str(task.id), **premises.here)
        dropped = safelight("tasks", "drop", "--yes", str(task.id), **premises.here)

        assert asked.returncode == 2 and "--yes" in asked.stderr
        assert (dropped.returncode, dropped.stdout) == (0, "Dropped: 1.\n")
        assert premises.status_of(task) == "cancelled"
        assert f"{task.image_id}/0" not in set(premises.store.keys())

    @pytest.mark.parametrize(
        ("words", "advice"),
        [
            (["requeue"], "name some ids, or say --all"),
            (["requeue", "--all", "--older-than", "soon"], "such as 12h or 7d"),
            (["list", "--code", "unlucky"], "--code is one of"),
            (["list", "--limit", "0"], "--limit is from 1 to 1000"),
            (["list", "--after", str(uuid4())], "there is no task"),
            (["show", str(uuid4())], "there is no task"),
        ],
    )
    def test_a_mistake_is_one_line(self, premises: Premises, words: list[str], advice: str) -> None:
        outcome = safelight("tasks", *words, **premises.here)

        assert outcome.returncode in (1, 2)
        assert advice in outcome.stderr
        assert len(outcome.stderr.splitlines()) == 1


class TestSweepOrphans:
    def test_looks_first_and_acts_when_told_to(self, premises: Premises) -> None:
        task = premises.a_completed_task()
        premises.store.delete(task.results[0].file_path)
        premises.put(f"{uuid4()}/1", b"too young to go")

        looked = safelight("sweep-orphans", **premises.here)
        acted = safelight("sweep-orphans", "--delete", "--json", **premises.here)

        assert looked.returncode == 1
        assert f"result of {task.id}" in looked.stdout and "say --delete" in looked.stdout
        found = json.loads(acted.stdout)
        assert (found["orphans"], found["young"]) == (0, 1)
        assert found["missing"] == [{"kind": "result", "id": str(task.id)}]
        with premises.database.reading() as work:
            assert work.tasks.get(task.id).gone is not None

    def test_an_operator_learns_where_the_database_is_asked_for(self, tmp_path: Path) -> None:
        outcome = safelight("sweep-orphans", SAFELIGHT_DATA_DIR=str(tmp_path))

        assert outcome.returncode == 1
        assert "run `safelight migrate` first" in outcome.stderr


def test_retention_tells_before_it_acts(premises: Premises) -> None:
    premises.a_completed_task()
    entries = (
        "log entries, ended notices and sessions: older than 90 days: 0\n"
        "audit trail: older than 400 days: 0\n"
    )

    told = safelight("retain", "--dry-run", SAFELIGHT_RETENTION_RESULTS_DAYS="1", **premises.here)
    acted = safelight("retain", SAFELIGHT_RETENTION_RESULTS_DAYS="1", **premises.here)

    kept = "originals: kept for ever\nresults: older than 1 day: 0 (0 bytes)\n" + entries
    assert (told.returncode, told.stdout) == (0, kept)
    assert acted.stdout == kept + "Removed.\n"


class TestBackup:
    def test_is_a_data_directory_of_its_own(self, premises: Premises, tmp_path: Path) -> None:
        done, failed = premises.a_completed_task(), premises.a_failed_task()
        copy = tmp_path / "copy"

        made = safelight("backup", str(copy), **premises.here)
        again = safelight("backup", str(copy), **premises.here)
        checked = safelight("backup-check", str(copy), **premises.here)

        assert made.returncode == 0, made.stderr
        assert "there already" in again.stdout and "the keys, 0 files" in again.stdout
        assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "All are whole.")
        assert {path.stat().st_mode & 0o777 for path in (copy / "keys").iterdir()} == {0o600}
        assert copy.stat().st_mode & 0o777 == 0o700
        listed = safelight("tasks", "list", "--json", SAFELIGHT_DATA_DIR=str(copy))
        assert [task["taskId"] for task in json.loads(listed.stdout)] == [str(failed.id)]
        assert premises.status_of(done) == "completed"

    def test_a_check_names_what_is_missing_and_deletes_nothing(
        self, premises: Premises, tmp_path: Path
    ) -> None:
        done = premises.a_completed_task()
        copy = tmp_path / "copy"
        safelight("backup", str(copy), **premises.here)
        restored = DiskObjectStore(copy / "storage")
        before = set(restored.keys())
        restored.delete(done.results[0].file_path)

        checked = safelight("backup-check", str(copy), **premises.here)

        assert checked.returncode == 1
        assert f"missing: result of {done.id}" in checked.stdout
        assert set(restored.keys()) == before - {done.results[0].file_path}

    def test_does_not_write_among_other_things(self, premises: Premises, tmp_path: Path) -> None:
        (tmp_path / "letters").mkdir()
        (tmp_path / "letters" / "a.txt").touch()

        outcome = safelight("backup", str(tmp_path / "letters"), **premises.here)
        itself = safelight("backup", premises.here["SAFELIGHT_DATA_DIR"], **premises.here)

        assert outcome.returncode == 1 and "choose an empty directory" in outcome.stderr
        assert itself.returncode == 2 and "overwrite" in itself.stderr

    def test_of_postgresql_the_way_is_told(self, tmp_path: Path) -> None:
        outcome = safelight(
            "backup", str(tmp_path / "copy"),
            SAFELIGHT_DATABASE_URL="postgresql://u:secret@127.0.0.1/x",
        )  # fmt: skip

        assert outcome.returncode == 2
        assert "pg_dump" in outcome.stderr and "secret" not in outcome.stderr
