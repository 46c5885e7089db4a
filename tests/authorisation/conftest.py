"""The estate, built once for all tests of a process."""

from collections.abc import Iterator

import pytest

from tests.authorisation.estate import Estate


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """A platform for the tests of one file; each leaves it as it was."""
    with Estate(tmp_path_factory.mktemp("estate")) as estate:
        yield estate
