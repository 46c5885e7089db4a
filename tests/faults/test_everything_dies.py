"""
G1: under load, workers, API, relay, broker and database die again and again; nothing is lost.

On PostgreSQL, RabbitMQ and S3. `make faults` runs it whole (2,000 tasks, 29 faults); `make test`
scaled (300 tasks, 7 faults). It prints the figures; history.jsonl in the test's folder has every
event.
"""

import itertools
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest
import requests

from tests import pictures
from tests.behaviour.webhook_server import WebhookServer
from tests.e2e.test_engines import s3
from tests.faults.history import History, Task, Verdict, judge
from tests.running import RunningPlatform
from tests.services.postgres import PrivatePostgres
from tests.services.rabbitmq import RabbitMQ

WHOLE = os.environ.get("SAFELIGHT_TEST_FAULTS") == "whole"
TASKS = 2_000 if WHOLE else 300
FAULTS = {
    "worker": 20 if WHOLE else 3,
    "broker": 3 if WHOLE else 1,
    "database": 2 if WHOLE else 1,
    "api": 2 if WHOLE else 1,
    "relay": 2 if WHOLE else 1,
}
CLIENTS = 4
DRAIN_SECONDS = 120.0
SECONDS_TO_ANSWER = 60.0

SETTINGS = {
    "TOKENS_LIFETIME_SECONDS": "7200",
    "TASKS_LEASE_SECONDS": "3",
    "TASKS_BEAT_SECONDS": "0.8",
    "RELAY_EXPIRED_SECONDS": "0.5",
    "RELAY_SWEEP_SECONDS": "1",
    "RELAY_PATIENCE_SECONDS": "5",
    "NOTIFIER_LEASE_SECONDS": "16",
    "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
}


@attrs.define
class Clients:
    """Send every picture under a key of its own until it is acknowledged."""

    platform: RunningPlatform
    history: History
    webhook: str
    unforeseen: list[str] = attrs.field(factory=list)
    acknowledged: int = 0
    _numbers: Iterator[int] = attrs.field(factory=lambda: iter(range(TASKS)))
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def run(self) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._send_on_and_on) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        return threads

    def _send_on_and_on(self) -> None:
        photo = pictures.small_jpeg()
        while True:
            with self._lock:
                picture = next(self._numbers, None)
            if picture is None:
                return
            give_up_at = time.monotonic() + SECONDS_TO_ANSWER
            while not self._send(picture, photo):
                assert time.monotonic() < give_up_at, f"no answer for {SECONDS_TO_ANSWER} s"
                time.sleep(0.2)

    def _send(self, picture: int, photo: bytes) -> bool:
        self.history.add("attempt", picture=picture)
        options = f'{{"resize": "16x16", "notify": {{"webhook": "{self.webhook}"}}}}'
        try:
            answer = self.platform.post_image(photo, options, key=f"picture-{picture}")
        except requests.RequestException as error:
            self.history.add("no-answer", picture=picture, why=type(error).__name__)
            return False
        if answer.status_code != 202:
            self.history.add("no-answer", picture=picture, why=answer.status_code)
            if answer.status_code not in (429, 503):
                self.unforeseen.append(answer.text)
            return False
        self.history.add("acknowledged", picture=picture, task_id=answer.headers["X-Task-Id"])
        with self._lock:
            self.acknowledged += 1
        return True


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_everything_dies_and_nothing_is_lost(
    mortal_postgres: PrivatePostgres,
    mortal_rabbitmq: RabbitMQ,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    settings = SETTINGS | s3(request)
    settings["DATABASE_URL"] = mortal_postgres.create_database(empty=True)
    settings["BROKER_URL"] = broker = mortal_rabbitmq.create_host()
    history = History(tmp_path / "history.jsonl")
    with WebhookServer() as server, RunningPlatform(tmp_path / "data", **settings) as platform:
        faults: dict[str, Callable[[], None]] = {
            "worker": lambda: kill(platform, "image-worker"),
            "api": lambda: kill(platform, "api"),
            "relay": lambda: kill(platform, "relay"),
            "database": lambda: restart(mortal_postgres, 1.0),
            "broker": lambda: restart(mortal_rabbitmq, 3.0),
        }
        clients = Clients(platform, history, server.url)
        senders = clients.run()
        inflict(faults, clients, history)
        last_fault = time.monotonic()
        for sender in senders:
            sender.join()
        platform.wait_until_quiet(DRAIN_SECONDS)
        drained = time.monotonic() - last_fault
        verdict = judge(history, tasks_of(platform))

        with capsys.disabled():
            print(f"\nG1: {verdict} faults={sum(FAULTS.values())} drained={drained:.1f}s")
        assert verdict.is_flawless, verdict
        assert verdict.acknowledged == verdict.completed == TASKS
        assert drained <= DRAIN_SECONDS
        assert clients.unforeseen == []
        check_that_nothing_is_left(platform, mortal_rabbitmq, broker)
        check_notices(server, verdict)
        check_results(platform)
    history.close()


def inflict(faults: dict[str, Callable[[], None]], clients: Clients, history: History) -> None:
    """Let every fault happen while pictures still come in, evenly spread, in random order."""
    order = [name for name, times in FAULTS.items() for _ in range(times)]
    random.Random(7).shuffle(order)
    for number, name in enumerate(order, start=1):
        share = number / (len(order) + 1)
        while clients.acknowledged < TASKS * share * 0.9:
            time.sleep(0.05)
        history.add("fault", what=name)
        faults[name]()


def kill(platform: RunningPlatform, name: str) -> None:
    platform.wait_for_restart(name, platform.kill_group(name), seconds=60)


def restart(server: PrivatePostgres | RabbitMQ, down_seconds: float) -> None:
    server.halt()
    time.sleep(down_seconds)
    server.start()


def tasks_of(platform: RunningPlatform) -> list[Task]:
    rows = platform.rows(
        "select t.id, t.status, (select count(*) from results r where r.task_id = t.id)"
        " from tasks t"
    )
    return [Task(str(id), status, results) for id, status, results in rows]


def check_that_nothing_is_left(platform: RunningPlatform, server: RabbitMQ, broker: str) -> None:
    """I5: queues, outbox and leases are empty."""
    assert platform.rows("select count(*) from outbox") == [(0,)]
    assert platform.rows("select count(*) from tasks where status = 'in progress'") == [(0,)]
    host = requests.utils.unquote(broker.rpartition("/")[2])
    deadline = time.monotonic() + 30
    while True:
        listed = server.control("list_queues", "-p", host, "name", "messages", "--no-table-headers")
        waiting = [line for line in listed.splitlines() if line and line.split()[-1] != "0"]
        if not waiting:
            return
        assert time.monotonic() < deadline, waiting
        time.sleep(1)


def check_notices(server: WebhookServer, verdict: Verdict) -> None:
    """I3: each end was told of, every time under the same id."""
    ids: dict[str, set[str]] = {}
    for call in server.calls:
        if call.answered < 300:
            ids.setdefault(call.task_id, set()).add(call.headers["webhook-id"])
    assert len(ids) == verdict.completed
    assert {len(each) for each in ids.values()} == {1}


def check_results(platform: RunningPlatform) -> None:
    """I2: what is there can be downloaded and is what was asked for."""
    images = platform.rows("select id from images order by id")
    for (image_id,) in itertools.islice(images, 0, None, max(1, len(images) // 40)):
        assert max(pictures.size_of(platform.result(str(image_id)))) == 16
