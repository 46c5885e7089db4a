"""The stage: a whole platform on the embedded profile, with everything real but the passing of time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.behaviour.rig import Rig
from tests.behaviour.steps import (
    accounts,
    administration,
    analyses,
    api_keys,
    assets,
    identity_providers,
    images,
    leaving,
    letting_go,
    limits,
    lists,
    malware,
    notifications,
    own_data,
    passwords,
    plans,
    presets,
    sending_again,
    sessions,
    tasks,
    variants,
)
from tests.behaviour.company import Company
from tests.behaviour.webhook_server import WebhookServer
from tests.behaviour.world import World
from tests.services.oidc_provider import LocalProvider

# pytest-bdd files each step under a name of its own in the module that defines it and finds it in
# a conftest's namespace.
for _module in (
    accounts,
    administration,
    api_keys,
    assets,
    analyses,
    identity_providers,
    images,
    leaving,
    letting_go,
    limits,
    lists,
    malware,
    notifications,
    own_data,
    passwords,
    plans,
    presets,
    sending_again,
    sessions,
    tasks,
    variants,
):
    globals().update(
        {name: step for name, step in vars(_module).items() if name.startswith("pytestbdd_")}
    )


@pytest.fixture(scope="package")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """
    One platform for all scenarios, gone before other tests; each starts on empty tables.

    When they have played, whatever was logged meanwhile is searched for what they said in secret.
    """
    folder: Path = tmp_path_factory.mktemp("platform")
    with Rig(folder) as platform, platform.overheard.listening():
        yield platform
    assert platform.overheard.leaks() == []


@pytest.fixture
def world(rig: Rig) -> World:
    """An empty stage."""
    rig.reset()
    return World(rig)


@pytest.fixture
def webhook_server() -> Iterator[WebhookServer]:
    """A customer's server."""
    with WebhookServer() as server:
        yield server


@pytest.fixture(scope="package")
def local_provider() -> Iterator[LocalProvider]:
    """A company's identity provider, for all scenarios."""
    with LocalProvider() as provider:
        yield provider


@pytest.fixture
def company(world: World, local_provider: LocalProvider, tmp_path: Path) -> Company:
    """The company, which the operator has named."""
    local_provider.reset()
    return Company(world, local_provider, tmp_path)
