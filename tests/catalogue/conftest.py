"""Installations of the real API that tests share, and people in them."""

from collections.abc import Iterator

import pytest

from tests.catalogue.installation import Installation, Person
from tests.services.postgres import Postgres


@pytest.fixture(scope="module")
def api() -> Iterator[Installation]:
    """One API over a file, for tests that leave others undisturbed."""
    with Installation() as installation:
        yield installation


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def either_api(request: pytest.FixtureRequest) -> Iterator[Installation]:
    """One API over each kind of database."""
    if request.param == "sqlite":
        with Installation() as installation:
            yield installation
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.create_database()
    with Installation(url) as installation:
        yield installation
    server.drop_database(url)


@pytest.fixture(scope="module")
def ada(api: Installation) -> Person:
    """A user."""
    return api.sign_up("ada")


@pytest.fixture(scope="module")
def root(api: Installation) -> Person:
    """An administrator."""
    return api.make_admin("grace")
