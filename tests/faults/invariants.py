"""
What must hold once a platform has come to rest, read from its own database, store and queues.

I1 each picture that was accepted has come to an end (the verdict) · I2 one result each, which is
what was asked for · I3 each end was told, every time under the same id · I4 no row without its
object, and no object without a row once strays were swept · I5 queues, outbox and leases are empty
· I6 no answer 5xx but 503.
"""

import json
import time
from collections.abc import Iterator
from datetime import timedelta

import attrs

from application.administration.sweep_orphans import SweepOrphans
from application.ports.object_store import Fingerprint, ObjectStore
from entrypoints.container import Platform
from entrypoints.settings import Settings, load_settings
from tests import pictures
from tests.behaviour.webhook_server import WebhookServer
from tests.faults.engines import Engines
from tests.faults.history import History, Task
from tests.faults.load import SIDE
from tests.running import RunningPlatform

_CALM_SECONDS = 45.0


@attrs.frozen
class Stored:
    """A file that a row names."""

    key: str
    fingerprint: Fingerprint | None = None
    is_result: bool = False


def adapters_of(platform: RunningPlatform) -> Platform:
    """Build the platform's own parts here, over its settings."""
    settings: Settings = load_settings(platform.environment)
    return Platform(settings=settings)


def tasks_of(platform: RunningPlatform) -> list[Task]:
    """Return every task with the name of its picture."""
    rows = platform.rows(
        "select t.id, i.label, t.status,"
        " (select count(*) from results r where r.task_id = t.id)"
        " from tasks t join images i on i.id = t.image_id"
    )
    return [Task(str(id), label, status, results) for id, label, status, results in rows]


def check_results(platform: RunningPlatform) -> None:
    """I2: the store gives the bytes that were written down, and they are the picture wanted."""
    store = adapters_of(platform).adapters().object_store()
    for stored in stored_files(platform):
        if stored.is_result:
            with store.open(stored.key, stored.fingerprint) as file:
                assert max(pictures.size_of(file.read())) == SIDE, stored.key
    assert platform.rows(
        "select count(*) from tasks where status = 'completed' and"
        " (select count(*) from results r where r.task_id = tasks.id) <> 1"
    ) == [(0,)]


def check_notices(platform: RunningPlatform, sink: WebhookServer) -> int:
    """I3, where every task was to be told of; return how many calls were one too many."""
    ids: dict[str, set[str]] = {}
    welcome = [call for call in list(sink.calls) if call.answered < 300]
    for call in welcome:
        ids.setdefault(call.task_id, set()).add(call.headers["webhook-id"])
    assert set(ids) == {str(id) for (id,) in platform.rows("select id from tasks")}
    assert {len(each) for each in ids.values()} <= {1}
    return len(welcome) - len(ids)


def check_store(platform: RunningPlatform) -> int:
    """I4, sweeping away what deaths have left; return how many objects that was."""
    parts = adapters_of(platform)
    store: ObjectStore = parts.adapters().object_store()
    named = {stored.key for stored in stored_files(platform)}
    assert named - set(store.keys()) == set(), "rows without their objects"
    strays = set(store.keys()) - named
    sweep = SweepOrphans(
        parts.adapters().database(), store, parts.adapters().clock(), grace=timedelta(seconds=0)
    )
    time.sleep(0.01)
    sweep(act=True)
    assert set(store.keys()) == named, "the sweep took too much or too little"
    return len(strays)


def check_that_nothing_waits(platform: RunningPlatform, engines: Engines) -> None:
    """I5: queues, outbox and leases are empty."""
    assert platform.rows("select count(*) from outbox") == [(0,)]
    assert platform.rows(
        "select count(*) from tasks where status = 'in progress' or lease_until is not null"
    ) == [(0,)]
    deadline = time.monotonic() + _CALM_SECONDS
    # A second message about a task that was done already may still be on its way.
    while waiting := engines.waiting(platform.folder):
        assert time.monotonic() < deadline, f"{waiting} messages are left"
        time.sleep(0.5)


def check_answers(history: History) -> None:
    """I6: whoever was refused was told to come again."""
    assert [each for each in history.of("refused") if each["status"] not in (429, 503)] == []


def stored_files(platform: RunningPlatform) -> Iterator[Stored]:
    """Return every file that a row names."""
    for key, byte_size, sha256 in platform.rows("select file_path, byte_size, sha256 from images"):
        yield Stored(key, Fingerprint(byte_size, sha256))
    for key, byte_size, sha256 in platform.rows("select file_path, byte_size, sha256 from results"):
        yield Stored(key, Fingerprint(byte_size, sha256), is_result=True)
    for (key,) in platform.rows("select file_path from assets"):
        yield Stored(key)
    for (assets,) in platform.rows("select assets from tasks"):
        yield from map(Stored, (json.loads(assets) if isinstance(assets, str) else assets).values())
