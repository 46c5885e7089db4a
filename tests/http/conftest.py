"""A house, and somebody at its door."""

import pytest

from tests.http.house import Caller, House


@pytest.fixture
def house() -> House:
    """Fresh use cases."""
    return House()


@pytest.fixture
def caller(house: House) -> Caller:
    """A client of them."""
    return Caller(house)
