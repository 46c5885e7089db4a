"""F18, F28: everything ends at once, by SIGKILL or by SIGTERM, under load, and goes on."""

import itertools
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests import pictures
from tests.faults.engines import Engines, embedded, servers
from tests.faults.rig import RESTART_SECONDS, SETTINGS, Rig, rigged, times
from tests.faults.test_workers_die import SLOW
from tests.running import RunningPlatform


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("profile", "rounds"),
    [
        pytest.param(servers, times(5, 1), id="servers"),
        pytest.param(embedded, times(5, 2), id="embedded"),
    ],
)
def test_f18_a_cold_restart_of_everything(
    profile: Callable[[pytest.FixtureRequest], Engines],
    rounds: int,
    request: pytest.FixtureRequest,
    tmp_path: Path,
):
    """Every process of ours, the database and the broker are killed at once, then started."""
    with rigged(tmp_path, profile(request), beside=("image-worker", "relay")) as rig:
        load = rig.load(100_000, pause=0.05)
        slowest = 0.0
        for number in range(1, rounds + 1):
            load.wait_for(number * times(60, 20))
            rig.history.add("fault", what="everything")
            kill_everything(rig)
            rig.engines.start()
            starts = [rig.platform.start, *(other.start for other in rig.beside)]
            random.shuffle(starts)
            for start in starts:
                start()
            slowest = max(slowest, rig.platform.seconds_until_ready)
        load.wait_for(load.acknowledged + 5)
        load.stop()
        load.join()
        rig.verdict(f"F18 {profile.__name__}")
        print(f"F18: ready after {slowest:.1f} s at most")
        assert slowest <= 30


def kill_everything(rig: Rig) -> None:
    groups = [*rig.platform.pids().values(), *(other.process.pid for other in rig.beside)]
    rig.platform.process.kill()
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it ended with its parent
    rig.engines.halt()
    rig.platform.process.wait(30)
    for other in rig.beside:
        other.process.wait(30)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_f28_sigterm_under_load(request: pytest.FixtureRequest, tmp_path: Path):
    """No request fails, no work is done twice, and nobody has to be killed."""
    rounds = times(10, 2)
    with rigged(tmp_path, embedded(request), beside=("image-worker",)) as rig:
        photo = pictures.photo(1200, 900)
        load = rig.load(100_000, clients=3, pause=0.05, photo=photo)
        slowest = 0.0
        for command in itertools.chain(*[("api", "image-worker", "relay", "notifier")] * rounds):
            time.sleep(0.5)
            rig.history.add("fault", what=f"SIGTERM {command}")
            old = rig.platform.pids()[command]
            started = time.monotonic()
            os.kill(old, signal.SIGTERM)
            rig.platform.wait_for_restart(command, old, seconds=RESTART_SECONDS)
            slowest = max(slowest, time.monotonic() - started)
        load.stop()
        load.join()
        rig.verdict("F28")

        print(f"F28: stopped and started within {slowest:.1f} s")
        assert rig.history.of("no-answer", "refused") == []
        assert slowest < 30
        assert rig.platform.rows("select count(*) from tasks where attempts > 1") == [(0,)]
        assert rig.platform.stop() == 0


def test_stopping_leaves_no_process_behind_and_starting_again_goes_on(tmp_path: Path):
    with RunningPlatform(tmp_path / "data", **SETTINGS) as platform:
        everybody = psutil.Process(platform.process.pid).children(recursive=True)
        uploaded = platform.upload(pictures.photo_12mp(), **SLOW)
        assert platform.stop() == 0

        assert [one for one in everybody if one.is_running() and one.status() != "zombie"] == []

        platform.start()
        platform.wait_for_status(uploaded.task_id, "completed", seconds=60)


@pytest.mark.alone
def test_a_later_start_is_ready_within_three_seconds(tmp_path: Path):
    """Of three, the quickest counts: others may use the machine at the time of one."""
    with RunningPlatform(tmp_path / "data") as platform:
        starts = []
        for _ in range(3):
            platform.stop()
            platform.start()
            starts.append(platform.seconds_until_ready)

        print(f"ready after {min(starts):.2f} s")
        assert min(starts) < 3.0
