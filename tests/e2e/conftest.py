"""Real processes, as a user starts them, behind the proxy that ships."""

from collections.abc import Iterator

import pytest

from tests.behaviour.webhook_server import WebhookServer
from tests.fronted import FrontedPlatform


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontedPlatform]:
    """One platform with the settings it ships with, for every test that leaves it as it was."""
    # Tokens outlive the suite here; that they end is shown elsewhere.
    settings = {"TOKENS_LIFETIME_SECONDS": "3600"}
    with FrontedPlatform(tmp_path_factory.mktemp("e2e") / "data", **settings) as running:
        yield running


@pytest.fixture
def webhook_server() -> Iterator[WebhookServer]:
    """A customer's server."""
    with WebhookServer() as server:
        yield server
