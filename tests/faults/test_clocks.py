"""F27: workers whose clocks are wrong."""

from pathlib import Path

import pytest

from tests.faults.beside import Beside
from tests.faults.engines import on_postgres
from tests.faults.rig import rigged, times
from tests.services import packages

LIBRARY = "libfaketime.so.1"


@pytest.mark.slow
@pytest.mark.parametrize("skew", ["+10m", "-10m"])
def test_f27_a_worker_whose_clock_is_wrong(
    skew: str, request: pytest.FixtureRequest, tmp_path: Path
):
    """Leases go by the database's clock: none ends early, none is held for too long."""
    packages.ensure("libfaketime")
    [library] = Path("/usr/lib").glob(f"*/faketime/{LIBRARY}")
    wrong = {"LD_PRELOAD": str(library), "FAKETIME": skew, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    number = times(100, 15)
    with rigged(tmp_path, on_postgres(request)) as rig:
        with rig.frozen("image-worker"), Beside(rig.platform, "image-worker", wrong):
            rig.history.add("fault", what=f"clock {skew}")
            rig.load(number).join()
            rig.platform.wait_until_quiet()
            assert rig.platform.rows("select count(*) from tasks where attempts <> 1") == [(0,)]
        rig.verdict(f"F27 {skew}")
        lost = "select count(*) from processing_log where outcome <> 'completed'"
        assert rig.platform.rows(lost) == [(0,)]
