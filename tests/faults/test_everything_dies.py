"""
G1: under load, workers, API, relay, broker and database die again and again; nothing is lost.

On both profiles, with two workers and two relays. It prints its figures; history.jsonl in the
test's folder has every event.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.engines import Engines, embedded, servers
from tests.faults.rig import rigged, times

PICTURES = times(2_000, 300)
FAULTS = {
    "image-worker": times(20, 3),
    "api": times(2, 1),
    "relay": times(2, 1),
}
SERVERS = {"broker": times(3, 1), "database": times(2, 1)}


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize(
    ("profile", "pictures", "faults"),
    [
        pytest.param(servers, PICTURES, FAULTS | SERVERS, id="servers"),
        pytest.param(
            embedded, times(1_000, 100), FAULTS | {"notifier": times(5, 1)}, id="embedded"
        ),
    ],
)
def test_everything_dies_and_nothing_is_lost(
    profile: Callable[[pytest.FixtureRequest], Engines],
    pictures: int,
    faults: dict[str, int],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    with rigged(tmp_path, profile(request), beside=("image-worker", "relay")) as rig:
        load = rig.load(pictures)
        rig.inflict(faults, load, pictures)
        load.join()

        with capsys.disabled():
            verdict = rig.verdict(f"G1 {profile.__name__}")
        assert len(verdict.acknowledged) == len(verdict.completed) == pictures
