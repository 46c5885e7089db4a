"""F11: pictures that their owners let go while real workers draw them, and while those die."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests import pictures
from tests.faults import invariants
from tests.faults.engines import Engines, embedded, servers
from tests.faults.rig import Rig, rigged, times, wait_until
from tests.faults.test_messages import change
from tests.faults.test_workers_die import SLOW
from tests.running import RunningPlatform, Uploaded

ENGINES = pytest.mark.parametrize("engines", [embedded, servers], ids=["embedded", "servers"])


@pytest.mark.slow
@pytest.mark.timeout(900)
@ENGINES
def test_f11_pictures_that_are_let_go_while_they_are_drawn(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    engines: Callable[[pytest.FixtureRequest], Engines],
):
    """Whatever the worker is at: no result is shown, and no stray is left that a sweep would find."""
    number = times(100, 10)
    photo = pictures.photo(1600, 1200)
    with rigged(tmp_path, engines(request)) as rig:
        shown = rig.platform.upload(photo, **SLOW)
        rig.platform.wait_for_status(shown.task_id, "completed", seconds=60)
        link = rig.platform.get(f"/api/images/{shown.image_id}/download").json()["downloadUrl"]
        let_go(rig.platform, shown)
        for _ in range(number):
            uploaded = rig.platform.upload(photo, **SLOW)
            rig.platform.wait_for_status(uploaded.task_id, "in progress", seconds=30)
            time.sleep(random.uniform(0, 0.4))
            let_go(rig.platform, uploaded)

        strays = strays_once_quiet(rig)

        assert requests.get(link, timeout=30).status_code == 404
        assert strays == 0
        print(f"\nF11: let go={number} shown=0 strays={strays}")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_f11_whoever_destroys_a_picture_or_draws_it_is_killed(
    request: pytest.FixtureRequest, tmp_path: Path
):
    """Another notifier destroys the files; what a dead worker had stored already is swept up."""
    kills = times(20, 3)
    photo = pictures.photo(1600, 1200)
    with rigged(tmp_path, embedded(request)) as rig:
        for _ in range(kills):
            done = rig.platform.upload(photo, resize="16x16")
            rig.platform.wait_for_status(done.task_id, "completed", seconds=60)
            drawn = rig.platform.upload(photo, **SLOW)
            rig.platform.wait_for_status(drawn.task_id, "in progress", seconds=30)
            os.killpg(rig.platform.pids()["notifier"], signal.SIGSTOP)
            let_go(rig.platform, done)
            let_go(rig.platform, drawn)
            assert len(left_of(rig, done)) == 2, "its files wait for the notifier"
            rig.kill("notifier")
            rig.kill("image-worker")
            # The broker gives the message back, or the relay rings: no need to wait a minute for it.
            change(rig.platform, "update erasures set rung_until = null")

        strays_once_quiet(rig)

        assert set(invariants.adapters_of(rig.platform).adapters().object_store().keys()) == {
            stored.key for stored in invariants.stored_files(rig.platform)
        }
        print(f"\nF11: kills={2 * kills} left=0")


def let_go(platform: RunningPlatform, uploaded: Uploaded) -> None:
    """Delete an image, once with success, and see that nothing is shown of it."""
    headers = {"Authorization": f"Bearer {platform.token}"}
    address = f"{platform.base}/api/images/{uploaded.image_id}"
    ends = [requests.delete(address, headers=headers, timeout=30).status_code for _ in range(2)]
    assert ends == [204, 404]
    for path in ("status", "download", "variants", "analysis"):
        assert platform.get(f"/api/images/{uploaded.image_id}/{path}").status_code == 404
    assert platform.get(f"/api/tasks/{uploaded.task_id}").status_code == 404


def strays_once_quiet(rig: Rig) -> int:
    """Wait until nothing is under way, check what is left, sweep; return how much was swept."""
    nothing = [(0,)]
    wait_until(lambda: rig.platform.rows("select count(*) from erasures") == nothing, 90)
    rig.platform.wait_until_quiet()
    time.sleep(2)  # a worker that has just been refused is about to delete what it made
    for table in ("images", "tasks", "results", "deliveries", "processing_log", "erased_files"):
        assert rig.platform.rows(f"select count(*) from {table}") == nothing, table
    invariants.check_that_nothing_waits(rig.platform, rig.engines)
    return invariants.check_store(rig.platform)


def left_of(rig: Rig, uploaded: Uploaded) -> list[str]:
    store = invariants.adapters_of(rig.platform).adapters().object_store()
    heads = (f"{uploaded.image_id}/", f"{uploaded.task_id}/")
    return [key for key in store.keys() if key.startswith(heads)]
