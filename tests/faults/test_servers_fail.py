"""A broker that forgets or is blocked, a database that goes away: what people notice of it."""

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import requests

from tests import pictures
from tests.running import RunningPlatform
from tests.services.postgres import PrivatePostgres
from tests.services.rabbitmq import RabbitMQ

SETTINGS = {
    "TOKENS_LIFETIME_SECONDS": "3600",
    "TASKS_LEASE_SECONDS": "3",
    "TASKS_BEAT_SECONDS": "0.8",
    "RELAY_EXPIRED_SECONDS": "0.5",
    "RELAY_SWEEP_SECONDS": "1",
    "RELAY_PATIENCE_SECONDS": "3",
    "WORKER_CONCURRENCY": "1",
}
# A quarter of a second of work, so that some wait while the broker forgets them.
SLOW = {"version": 1, "pipeline": [{"op": "blur", "sigma": 6}], "output": {"format": "png"}}


def test_f5_a_broker_that_loses_everything(mortal_rabbitmq: RabbitMQ, tmp_path: Path):
    """Its virtual host is deleted and made anew: queues, messages and connections are gone."""
    url = mortal_rabbitmq.create_host()
    host = unquote(url.rpartition("/")[2])
    with RunningPlatform(tmp_path / "data", **SETTINGS, BROKER_URL=url) as platform:
        photo = pictures.photo(1600, 1200)
        uploaded = [platform.upload(photo, **SLOW) for _ in range(12)]

        mortal_rabbitmq.control("delete_vhost", host)
        mortal_rabbitmq.control("add_vhost", host)
        mortal_rabbitmq.control("set_permissions", "-p", host, "tests", ".*", ".*", ".*")

        for each in uploaded:
            platform.wait_for_status(each.task_id, "completed", seconds=120)
        platform.wait_until_quiet()
        assert platform.rows("select count(*) from results") == [(12,)]


def test_f6_a_blocked_broker_keeps_nobody_from_uploading(mortal_rabbitmq: RabbitMQ, tmp_path: Path):
    """The broker's disk alarm: it confirms nothing, so the messages stay in the outbox."""
    url = mortal_rabbitmq.create_host()
    with RunningPlatform(tmp_path / "data", **SETTINGS, BROKER_URL=url) as platform:
        first = platform.upload(pictures.photo())
        platform.wait_for_status(first.task_id, "completed")
        mortal_rabbitmq.control("set_disk_free_limit", "9999GB")
        try:
            uploaded = [platform.upload(pictures.photo()) for _ in range(5)]
            time.sleep(12)  # longer than a confirmation is waited for
            assert platform.rows("select count(*) from outbox") >= [(5,)]
            assert {platform.task(each.task_id)["status"] for each in uploaded} == {"queued"}
        finally:
            mortal_rabbitmq.control("set_disk_free_limit", "10MB")

        for each in uploaded:
            platform.wait_for_status(each.task_id, "completed", seconds=60)
        platform.wait_until_quiet()


def test_f13_f14_a_database_that_is_away(mortal_postgres: PrivatePostgres, tmp_path: Path):
    """Refused within two seconds and told when to try again; nothing kept; soon as before."""
    url = mortal_postgres.create_database(empty=True)
    with RunningPlatform(tmp_path / "data", **SETTINGS, DATABASE_URL=url) as platform:
        first = platform.upload(pictures.photo())
        platform.wait_for_status(first.task_id, "completed")
        platform.wait_until_quiet()
        before = objects_of(platform)
        pids = platform.pids()

        mortal_postgres.halt()
        try:
            for _ in range(5):
                started = time.monotonic()
                answer = platform.post_image(pictures.photo())
                assert time.monotonic() - started < 2
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
                assert answer.json()["code"] == "database-unavailable"
                started = time.monotonic()
                assert requests.get(f"{platform.base}/healthz", timeout=5).status_code == 200
                assert time.monotonic() - started < 1
        finally:
            mortal_postgres.start()

        started = time.monotonic()
        wait_until(lambda: platform.post_image(pictures.photo()).status_code == 202)
        assert time.monotonic() - started < 5
        platform.wait_until_quiet()
        assert platform.pids() == pids, "nobody had to be started again"
        assert len(objects_of(platform)) == len(before) + 2  # one more original, one more result


def objects_of(platform: RunningPlatform) -> set[Path]:
    return {path for path in (platform.folder / "storage" / "objects").rglob("*") if path.is_file()}


def wait_until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.1)
