"""A bench for every test, on a database of its own and an empty store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.persistence.migrations import Migrations
from adapters.persistence.sqlite import SqliteDatabase
from adapters.storage.disk import DiskObjectStore
from tests.unit.application.workbench import Workbench


@pytest.fixture(scope="session")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> DiskObjectStore:
    """One store for all tests: its 256 directories take longer to make than most tests do."""
    return DiskObjectStore(tmp_path_factory.mktemp("store"))


@pytest.fixture
def bench(tmp_path: Path, shared_store: DiskObjectStore) -> Iterator[Workbench]:
    database = SqliteDatabase(tmp_path / "safelight.db", durable=False)
    Migrations(database).run()
    bench = Workbench(database, shared_store)
    yield bench
    bench.errands.finish()
    database.close()
    for key in list(shared_store.keys()):
        shared_store.delete(key)
