"""Requests that use one idempotency key at the same moment, over a database that lets them."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import attrs
import pytest

from adapters.storage.disk import DiskObjectStore
from adapters.system.ids import RandomIds
from application.idempotency import IdempotencyKey, IdempotencyKeyReused, RequestInProgress
from application.notifications.add_webhook import AddWebhook, AddWebhookRequest
from application.notifications.list_webhooks import ListWebhooks
from application.ports.unit_of_work import Database
from tests.contracts.databases import PLACES
from tests.unit.application.workbench import Workbench


class OtherRequest(RandomIds):
    """Between looking for the key and keeping it, a request of another route keeps it."""

    def __init__(self, database: Database, key: IdempotencyKey) -> None:
        self._database = database
        self._key = key

    def new(self) -> UUID:
        with self._database.writing() as work:
            if self._key.reply(work) is None:
                self._key.remember(work, image_id=str(super().new()))
                work.commit()
        return super().new()


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workbench]:
    # SQLite has one writer at a time, so nobody comes in between.
    place = PLACES["postgres"](request)
    yield Workbench(place.open(), DiskObjectStore(tmp_path / "store"))  # type: ignore[arg-type]
    place.leave()


def test_a_webhook_whose_key_another_request_has_just_taken_is_refused(bench: Workbench) -> None:
    """It was answered with 500: no lock of the account's keeps other routes from its key."""
    actor = bench.an_actor()
    key = IdempotencyKey(str(actor.user_id), "key-1", "an upload")
    add = AddWebhook(
        bench.database, bench.clock, OtherRequest(bench.database, key), bench.webhook_guard
    )

    request = AddWebhookRequest(actor, "https://a.example/", attrs.evolve(key, fingerprint="mine"))

    with pytest.raises(RequestInProgress):
        add(request)
    with pytest.raises(IdempotencyKeyReused):  # sent again in a moment, as it is told
        add(request)

    assert list(ListWebhooks(bench.database, bench.signing_secrets)(actor).webhooks) == []
