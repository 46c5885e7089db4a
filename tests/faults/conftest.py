"""Real processes that are killed on purpose."""

from collections.abc import Iterator

import pytest

from tests.behaviour.webhook_server import WebhookServer


@pytest.fixture
def webhook_server() -> Iterator[WebhookServer]:
    """A customer's server."""
    with WebhookServer() as server:
        yield server
