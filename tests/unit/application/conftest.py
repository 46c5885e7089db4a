"""A bench for every test, on a database and a store of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.persistence.migrations import migrate
from adapters.persistence.sqlite import SqliteDatabase
from tests.unit.application.workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    database = SqliteDatabase(tmp_path / "safelight.db", durable=False)
    migrate(database)
    yield Workbench.in_folder(tmp_path, database)
    database.close()
