"""F1, F2, F3, F29, F30: workers and decoders that die, freeze or hang in the middle of a picture."""

import os
import random
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests import pictures
from tests.faults.beside import Beside
from tests.faults.engines import embedded
from tests.faults.rig import SETTINGS, rigged, times, wait_until
from tests.running import RunningPlatform

# Half a second or so of real work, so that a fault finds the task in the middle of it.
SLOW = {
    "version": 1,
    "pipeline": [{"op": "sharpen", "sigma": 2}, {"op": "blur", "sigma": 6}],
    "output": {"format": "png"},
}
QUICK = SETTINGS | {"TASKS_LEASE_SECONDS": "0.9", "TASKS_BEAT_SECONDS": "0.25"}


@pytest.mark.slow
@pytest.mark.timeout(1_500)
def test_f1_workers_killed_one_after_the_other(tmp_path: Path):
    """SIGKILL of the worker's whole process group, each time in the middle of a task."""
    kills = times(100, 12)
    photo = pictures.photo(2400, 1800)
    with RunningPlatform(tmp_path / "data", **QUICK) as platform:
        tasks = []
        for _ in range(kills):
            uploaded = platform.upload(photo, **SLOW)
            tasks.append(uploaded)
            platform.wait_for_status(uploaded.task_id, "in progress", seconds=30)
            old = platform.kill_group("image-worker")
            assert platform.task(uploaded.task_id)["status"] == "in progress", "killed too late"
            platform.wait_for_restart("image-worker", old, seconds=60)
        for uploaded in tasks:
            platform.wait_for_status(uploaded.task_id, "completed", seconds=60)
        platform.wait_until_quiet()

        results = platform.rows("select task_id, count(*) from results group by task_id")
        assert len(results) == kills
        assert {count for _, count in results} == {1}
        assert platform.rows("select count(*) from tasks where deaths > 1") == [(0,)]
        for uploaded in tasks[:: max(1, kills // 5)]:
            assert pictures.size_of(platform.result(uploaded.image_id)) == (2400, 1800)
        print(f"\nF1: kills={kills} completed={len(results)} lost=0 duplicated=0")


@pytest.mark.slow
@pytest.mark.timeout(1_500)
def test_f1_workers_killed_under_load(request: pytest.FixtureRequest, tmp_path: Path):
    number, kills = times(2_000, 60), times(20, 3)
    with rigged(tmp_path, embedded(request), beside=("image-worker",)) as rig:
        load = rig.load(number)
        rig.inflict({"image-worker": kills}, load, number)
        load.join()
        rig.verdict("F1")

        repeated = rig.platform.rows("select sum(attempts) - count(*) from tasks")[0][0]
        # Of one worker, what it has in hand: one picture.
        assert repeated <= kills


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_f2_only_the_decoder_is_killed(tmp_path: Path):
    """The worker stays; the picture is drawn once more, or fails with the decoder's crash."""
    kills = times(200, 15)
    photo = pictures.photo(1600, 1200)
    with RunningPlatform(tmp_path / "data", **SETTINGS) as platform:
        worker = psutil.Process(platform.pids()["image-worker"])
        (zygote,) = worker.children()
        tasks = []
        for _ in range(kills):
            uploaded = platform.upload(photo, **SLOW)
            tasks.append(uploaded)
            wait_until(lambda: renderers_of(zygote) != [], 30)
            time.sleep(random.uniform(0, 0.3))
            for renderer in renderers_of(zygote):
                renderer.kill()
        ends = [
            platform.wait_for_status(each.task_id, "completed", "failed", seconds=60)
            for each in tasks
        ]
        platform.wait_until_quiet()

        codes = platform.rows("select distinct failure_code from tasks where status = 'failed'")
        assert {code for (code,) in codes} <= {"decoder_crash"}
        assert worker.is_running() and worker.pid == platform.pids()["image-worker"]
        assert zygote.is_running() and zygote.status() != psutil.STATUS_ZOMBIE
        assert platform.rows("select count(*) from tasks where deaths > 0") == [(0,)]
        print(f"\nF2: kills={kills} completed={ends.count('completed')} worker deaths=0")


@pytest.mark.slow
def test_f3_a_frozen_worker_that_wakes_up_changes_nothing(tmp_path: Path):
    """Its lease ends, another worker draws the picture; what the first one has made is refused."""
    with RunningPlatform(tmp_path / "data", **SETTINGS) as platform:
        uploaded = platform.upload(pictures.photo(2400, 1800), **SLOW)
        platform.wait_for_status(uploaded.task_id, "in progress", seconds=30)
        group = platform.pids()["image-worker"]
        os.killpg(group, signal.SIGSTOP)
        try:
            assert platform.task(uploaded.task_id)["status"] == "in progress", "frozen too late"
            with Beside(platform, "image-worker"):
                platform.wait_for_status(uploaded.task_id, "completed", seconds=60)
                result = platform.rows("select file_path, sha256 from results")
                os.killpg(group, signal.SIGCONT)
                wait_until(lambda: "superseded" in outcomes(platform), 60)
        finally:
            os.killpg(group, signal.SIGCONT)
        platform.wait_until_quiet()

        assert outcomes(platform) == ["lost", "completed", "superseded"]
        assert platform.rows("select file_path, sha256 from results") == result
        assert pictures.size_of(platform.result(uploaded.image_id)) == (2400, 1800)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_f29_a_poisonous_picture_among_good_ones(request: pytest.FixtureRequest, tmp_path: Path):
    """What takes down its worker each time is set aside after three; the others are done."""
    number = times(500, 40)
    with rigged(tmp_path, embedded(request), beside=("image-worker",)) as rig:
        with rig.frozen("image-worker"):
            rig.beside[0].stop()
            poison = rig.platform.upload(pictures.photo(2400, 1800), **SLOW).task_id
        load = rig.load(number, pause=0.02)
        deaths = 0
        while (task := rig.platform.task(poison))["status"] != "failed":
            # A task keeps its status while the lease of a dead worker runs.
            if task["status"] == "in progress" and task["attempts"] > deaths:
                rig.history.add("fault", what="poison")
                deaths = task["attempts"]
                old = rig.platform.kill_group("image-worker")
                rig.platform.wait_for_restart("image-worker", old, seconds=60)
            time.sleep(0.01)
        rig.beside[0].start()
        load.join()
        rig.platform.wait_until_quiet(120)

        assert rig.platform.task(poison)["failure"]["code"] == "poisoned"
        assert deaths == 3
        ends = rig.platform.rows(
            "select status, count(*) from tasks group by status order by status"
        )
        assert ends == [("completed", number), ("failed", 1)]
        print(f"\nF29: deaths={deaths} set aside=1 completed={number}")


@pytest.mark.slow
def test_f30_a_decoder_that_hangs_is_ended_at_its_time(tmp_path: Path):
    """It stands still and hears no SIGTERM; its place is taken by another."""
    wall = times(30, 4)
    settings = SETTINGS | {"RENDERER_WALL_SECONDS": str(wall)}
    with RunningPlatform(tmp_path / "data", **settings) as platform:
        worker = platform.pids()["image-worker"]
        (zygote,) = psutil.Process(worker).children()
        uploaded = platform.upload(pictures.photo(2400, 1800), **SLOW)
        wait_until(lambda: renderers_of(zygote) != [], 30)
        began = time.monotonic()
        (renderer,) = renderers_of(zygote)
        renderer.suspend()
        platform.wait_for_status(uploaded.task_id, "failed", seconds=wall + 30)
        ended = time.monotonic() - began

        code = platform.task(uploaded.task_id)["failure"]["code"]
        assert not renderer.is_running() or renderer.status() == psutil.STATUS_ZOMBIE
        assert platform.pids()["image-worker"] == worker
        good = platform.upload(pictures.small_jpeg(), resize="16x16")
        platform.wait_for_status(good.task_id, "completed", seconds=30)
        print(f"\nF30: told as {code} after {ended:.1f} s; the wall stands at {wall} s")
        assert wall - 1 < ended < wall + 2


def renderers_of(zygote: psutil.Process) -> list[psutil.Process]:
    return [each for each in zygote.children() if is_alive(each)]


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between being listed and being asked
        return False


def outcomes(platform: RunningPlatform) -> list[str]:
    return [
        outcome for (outcome,) in platform.rows("select outcome from processing_log order by id")
    ]
