"""What a quota promises over every database: that it holds, however many come at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from adapters.storage.disk import DiskObjectStore
from application.errors import QuotaExceeded
from application.limits.quotas import Quotas
from tests.contracts.databases import PLACES, QUICK_PLACES
from tests.unit.application.workbench import Workbench


@pytest.fixture(params=QUICK_PLACES)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workbench]:
    place = PLACES[request.param](request)
    database: Any = place.open()
    yield Workbench(database, DiskObjectStore(tmp_path / "store"))
    place.leave()


@pytest.mark.parametrize(
    "quotas",
    [Quotas(images=3), Quotas(tasks_per_day=3), Quotas(bytes_stored=3)],
    ids=["images", "tasks", "bytes"],
)
def test_of_fifty_uploads_at_once_one_fits_in(bench: Workbench, quotas: Quotas) -> None:
    actor = bench.an_actor()
    size = bench.image(bench.upload(actor).image_id).byte_size
    bench.upload(actor)
    bench.quotas = (
        Quotas(bytes_stored=quotas.bytes_stored * size) if quotas.bytes_stored else quotas
    )

    def upload(_: int) -> bool:
        try:
            bench.upload(actor)
        except QuotaExceeded:
            return False
        return True

    with ThreadPoolExecutor(50) as pool:
        accepted = list(pool.map(upload, range(50)))

    assert sum(accepted) == 1
    assert len(bench.stored()) == 3
