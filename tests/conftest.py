"""What any test may ask for, and which tests run beside which."""

import re
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.services.clamd import clamd as clamd
from tests.services.clamd import mortal_clamd as mortal_clamd
from tests.services.postgres import mortal_postgres as mortal_postgres
from tests.services.postgres import postgres as postgres
from tests.services.rabbitmq import mortal_rabbitmq as mortal_rabbitmq
from tests.services.rabbitmq import rabbitmq as rabbitmq
from tests.services.seaweedfs import s3_service as s3_service
from tests.services.sqs import sqs as sqs

# Each of these starts whole platforms and wants a processor of its own for them.
_WHOLE_PLATFORMS = ("tests/faults/", "tests/e2e/")


_DRAWN_BY_CHANCE = re.compile("[0-9a-fA-F]{16,}")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Leave ids and secrets out of the names of tests, which have to be the same in each process."""
    if isinstance(val, str) and _DRAWN_BY_CHANCE.search(val):
        return _DRAWN_BY_CHANCE.sub("x", val)[:60].encode("unicode_escape").decode()
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what starts platforms: it takes longest."""
    items.sort(key=lambda item: item.nodeid.startswith(_WHOLE_PLATFORMS), reverse=True)


class _SideBySide(LoadScopeScheduling):
    """
    Where two tests run at once: one process runs all that start platforms.

    The other takes the rest, a file at a time, because a file's tests share their fixtures.
    """

    def _split_scope(self, nodeid: str) -> str:
        starts_platforms = nodeid.startswith(_WHOLE_PLATFORMS)
        return "platforms" if starts_platforms else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Let xdist deal the tests out that way."""
    return _SideBySide(config, log)
