"""F9, F10, F11, F12: messages that come twice or late, and two relays that do the same work."""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from application.ports.message_publisher import Message
from tests.faults import invariants
from tests.faults.beside import Beside
from tests.faults.engines import Engines, embedded, on_rabbitmq, on_sqs
from tests.faults.rig import Rig, rigged, times, wait_until
from tests.running import RunningPlatform


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_f9_the_relay_killed_between_publishing_and_forgetting(
    request: pytest.FixtureRequest, tmp_path: Path
):
    """The message comes twice, the result and the notice once."""
    kills = times(100, 6)
    with rigged(tmp_path, embedded(request)) as rig:
        with rig.frozen("relay"):
            for number in range(1, kills + 1):
                rig.load(1, clients=1).join()
                mortal = Beside(rig.platform, "relay", FAILPOINT="relay.after_publish")
                mortal.start()
                assert mortal.process.wait(60) == -9
                rig.history.add("fault", what="relay.after_publish")
                assert rig.platform.rows("select count(*) from outbox") >= [(number,)]
        # What the dead have taken is theirs for a lease, which is over now.
        change(rig.platform, "update outbox set due_at = created_at")
        rig.verdict("F9")


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("profile", [embedded, on_rabbitmq, on_sqs])
def test_f10_f11_every_message_three_times_and_late(
    profile: Callable[[pytest.FixtureRequest], Engines],
    request: pytest.FixtureRequest,
    tmp_path: Path,
):
    """At once, and when all is done; about tasks and deliveries that are there, and that are not."""
    number = times(100, 20)
    with rigged(tmp_path, profile(request), beside=("image-worker",)) as rig:
        load = rig.load(number)
        load.join()
        publish_again(rig, "TaskQueued", tasks(rig))
        rig.platform.wait_until_quiet()
        before = rig.platform.rows("select id, attempts, status from tasks order by id")

        for kind in ("TaskQueued", "TaskCompleted", "TaskFailed"):
            publish_again(rig, kind, [*tasks(rig), uuid4()])
        deliveries = [id_of(row) for row in rig.platform.rows("select id from deliveries")]
        publish_again(rig, "DeliveryDue", [*deliveries, uuid4()])
        wait_until(lambda: rig.engines.waiting(rig.platform.folder) == 0, 180)
        rig.verdict("F10, F11")

        assert rig.platform.rows("select id, attempts, status from tasks order by id") == before
        assert len(rig.sink.calls) == number, "nobody was told twice"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_f12_two_relays_and_many_expired_leases(request: pytest.FixtureRequest, tmp_path: Path):
    """Each lease that ended is noted once, by one of them."""
    number = times(1_000, 100)
    with rigged(tmp_path, embedded(request), beside=("relay",)) as rig:
        with rig.frozen("image-worker"):
            rig.load(number).join()
            wait_until(lambda: rig.platform.rows("select count(*) from outbox") == [(0,)], 60)
            change(
                rig.platform,
                "update tasks set status = 'in progress', attempts = attempts + 1,"
                " fence = fence + 1, started_at = created_at, lease_until = created_at"
                " where status = 'queued'",
            )
            given_back = "select count(*) from tasks where status = 'queued'"
            wait_until(
                lambda: (
                    rig.platform.rows(given_back) == [(number - 1,)]
                    or rig.platform.rows(given_back) == [(number,)]
                ),
                60,
            )
        rig.verdict("F12")

        lost = rig.platform.rows(
            "select count(*), count(distinct task_id) from processing_log where outcome = 'lost'"
        )
        assert lost[0][0] == lost[0][1] >= number - 1
        assert rig.platform.rows("select max(deaths) from tasks") == [(1,)]


def tasks(rig: Rig) -> list[UUID]:
    return [id_of(row) for row in rig.platform.rows("select id from tasks")]


def id_of(row: tuple[object, ...]) -> UUID:
    return UUID(str(row[0]))


def publish_again(rig: Rig, kind: str, subjects: list[UUID]) -> None:
    """Publish a message about each of them three times, in no order."""
    publisher = invariants.adapters_of(rig.platform).adapters().publisher()
    try:
        publisher.publish([Message(kind, subject, "again") for subject in set(subjects)] * 3)
    finally:
        publisher.close()


def change(platform: RunningPlatform, statement: str) -> None:
    """Change rows behind the platform's back."""
    url = platform.environment.get("SAFELIGHT_DATABASE_URL")
    if url is not None:
        with psycopg.connect(url, connect_timeout=10) as server:
            server.execute(statement.encode())
        return
    path = platform.folder / "safelight.sqlite"
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as connection, connection:
        connection.execute(statement)
