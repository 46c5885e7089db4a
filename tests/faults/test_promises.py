"""Once we answered 202, the picture is processed, once, whatever dies in between."""

import itertools
import os
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest
import requests

from tests import pictures
from tests.behaviour.webhook_server import WebhookServer
from tests.running import RunningPlatform

# Leases and sweeps of seconds rather than minutes, so that a death is noticed within one.
QUICK = {
    "TOKENS_LIFETIME_SECONDS": "3600",
    "TASKS_LEASE_SECONDS": "0.9",
    "TASKS_BEAT_SECONDS": "0.25",
    "RELAY_EXPIRED_SECONDS": "0.2",
    "RELAY_POLL_SECONDS": "0.2",
    "RELAY_SWEEP_SECONDS": "0.5",
    "WORKER_CONCURRENCY": "1",
}
KILLS = int(os.environ.get("SAFELIGHT_TEST_KILLS", "50"))
# Half a second or so of real work, so that a kill finds the task in the middle of it.
SLOW = {
    "version": 1,
    "pipeline": [{"op": "sharpen", "sigma": 2}, {"op": "blur", "sigma": 6}],
    "output": {"format": "png"},
}


@pytest.mark.slow
@pytest.mark.timeout(1_500)
def test_fifty_workers_killed_in_the_middle_of_fifty_tasks(tmp_path: Path):
    """SIGKILL of the worker's whole process group, each time in the middle of a task."""
    photo = pictures.photo(2400, 1800)
    with RunningPlatform(tmp_path / "data", **QUICK) as platform:
        tasks = []
        for _ in range(KILLS):
            uploaded = platform.upload(photo, **SLOW)
            tasks.append(uploaded)
            platform.wait_for_status(uploaded.task_id, "in progress", seconds=20)
            old = platform.kill_group("image-worker")
            assert platform.task(uploaded.task_id)["status"] == "in progress", "killed too late"
            platform.wait_for_restart("image-worker", old)
        for uploaded in tasks:
            platform.wait_for_status(uploaded.task_id, "completed", seconds=60)
        platform.wait_until_quiet()

        results = platform.rows("select task_id, count(*) from results group by task_id")
        assert len(results) == KILLS
        assert {count for _, count in results} == {1}
        assert platform.rows("select count(*) from tasks where deaths > 1") == [(0,)]
        for uploaded in tasks[:: max(1, KILLS // 5)]:
            result = platform.result(uploaded.image_id)
            assert pictures.size_of(result) == (2400, 1800)


def test_the_api_killed_after_the_commit_has_lost_nothing(
    tmp_path: Path, webhook_server: WebhookServer
):
    settings = QUICK | {"FAILPOINT": "upload.after_commit"}
    with RunningPlatform(tmp_path / "data", **settings) as platform:
        for number in range(1, 4):
            with pytest.raises(requests.ConnectionError):
                platform.upload(pictures.photo(), notify={"webhook": webhook_server.url})
            _wait_for(lambda number=number: len(webhook_server.calls) >= number)
        platform.wait_until_quiet()

        assert platform.rows("select count(*) from tasks where status = 'completed'") == [(3,)]
        assert platform.rows("select count(*) from results") == [(3,)]


def test_the_api_killed_before_the_commit_leaves_no_row(tmp_path: Path):
    settings = QUICK | {"FAILPOINT": "upload.after_put"}
    with RunningPlatform(tmp_path / "data", **settings) as platform:
        with pytest.raises(requests.ConnectionError):
            platform.upload(pictures.photo())

        assert platform.rows("select count(*) from images") == [(0,)]
        assert platform.rows("select count(*) from tasks") == [(0,)]


def test_the_relay_killed_between_publishing_and_forgetting(tmp_path: Path):
    """The message comes twice, the result once."""
    with RunningPlatform(tmp_path / "data", **QUICK) as platform:
        first = platform.upload(pictures.photo())
        platform.wait_for_status(first.task_id, "completed")
    with RunningPlatform(tmp_path / "data", **QUICK, FAILPOINT="relay.after_publish") as platform:
        second = platform.upload(pictures.photo())
        platform.wait_for_status(second.task_id, "completed", seconds=60)

        assert platform.rows("select count(*) from results where task_id = ?", second.task_id) == [
            (1,)
        ]


@pytest.mark.slow
def test_sigterm_under_load_fails_no_request_and_repeats_no_work(tmp_path: Path):
    photo = pictures.photo(1200, 900)
    failures, uploaded = [], []
    with RunningPlatform(tmp_path / "data", **QUICK | {"WORKER_CONCURRENCY": "2"}) as platform:
        stop = threading.Event()

        def upload_on_and_on() -> None:
            while not stop.is_set():
                try:
                    uploaded.append(platform.upload(photo, resize="400x400"))
                except (AssertionError, requests.RequestException) as error:
                    failures.append(error)
                time.sleep(0.05)

        clients = [threading.Thread(target=upload_on_and_on) for _ in range(3)]
        for client in clients:
            client.start()
        for name in itertools.islice(itertools.cycle(("api", "image-worker", "relay")), 9):
            time.sleep(0.5)
            old = platform.pids()[name]
            os.kill(old, signal.SIGTERM)
            platform.wait_for_restart(name, old)
        time.sleep(0.5)
        stop.set()
        for client in clients:
            client.join()
        platform.wait_until_quiet(120)

        assert failures == []
        assert len(uploaded) > 30
        statuses = platform.rows("select status, count(*) from tasks group by status")
        assert statuses == [("completed", len(uploaded))]
        assert platform.rows("select count(*) from tasks where attempts > 1") == [(0,)]
        assert platform.stop() == 0


def test_stopping_leaves_no_process_behind_and_starting_again_goes_on(tmp_path: Path):
    with RunningPlatform(tmp_path / "data", **QUICK) as platform:
        everybody = psutil.Process(platform.process.pid).children(recursive=True)
        uploaded = platform.upload(pictures.photo_12mp(), **SLOW)
        assert platform.stop() == 0

        assert [one for one in everybody if one.is_running() and one.status() != "zombie"] == []

        platform.start()
        platform.wait_for_status(uploaded.task_id, "completed", seconds=60)


def test_a_large_body_does_not_grow_the_api(tmp_path: Path):
    """200 MB go by and leave less than 32 MB in each API process."""
    limits = {"UPLOAD_MAX_BYTES": "300000000", "HTTP_WORKERS": "1"}
    # A photograph with 200 MB behind its end: what a reader would have to hold if it held the body.
    small = pictures.photo_12mp()
    body = small + bytes(200_000_000 - len(small))
    with RunningPlatform(tmp_path / "data", **limits) as platform:
        api = psutil.Process(platform.pids()["api"])
        workers = [api, *api.children(recursive=True)]
        before = {one.pid: one.memory_info().rss for one in workers}
        grown, done = [0], threading.Event()

        def watch() -> None:
            while not done.is_set():
                for one in workers:
                    grown.append(one.memory_info().rss - before[one.pid])
                time.sleep(0.01)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            uploaded = platform.upload(body, resize="100x100")
        finally:
            done.set()
            watcher.join()
        platform.wait_for_status(uploaded.task_id, "completed")

        print(f"the API grew by at most {max(grown) / 1e6:.1f} MB")
        assert max(grown) < 32_000_000


def test_a_later_start_is_ready_within_three_seconds(tmp_path: Path):
    with RunningPlatform(tmp_path / "data") as platform:
        platform.stop()
        platform.start()

        print(f"ready after {platform.seconds_until_ready:.2f} s")
        assert platform.seconds_until_ready < 3.0


def _wait_for(happened, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
