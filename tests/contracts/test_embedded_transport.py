"""The embedded queue among several processes, some of which are killed."""

import multiprocessing
import random
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from adapters.messaging import topology
from adapters.messaging.kombu_inbox import KombuInbox
from adapters.messaging.kombu_publisher import KombuPublisher
from adapters.messaging.lease_queue import LeaseQueue
from adapters.messaging.sqlite_transport import url_of
from application.ports.message_publisher import Message

QUEUE = topology.IMAGE_PROCESSING

# Fresh interpreters: nothing of pytest's, no inherited connection.
processes = multiprocessing.get_context("spawn")


def an_inbox(path, prefetch=1, **options):
    inbox = KombuInbox(
        url_of(path), QUEUE, prefetch=prefetch, transport_options=options, extend_seconds=0.2
    )
    inbox.open()
    return inbox


def publish(path: Path, ids: list[UUID], batch: int = 1) -> None:
    publisher = KombuPublisher(url_of(path))
    for start in range(0, len(ids), batch):
        publisher.publish([Message("TaskQueued", id, "r") for id in ids[start : start + batch]])
    publisher.close()


def consume(path: Path, journal: Path, lease_seconds: float, work_seconds: float) -> None:
    """Take messages one by one, write each down and then acknowledge it, until killed."""
    inbox = an_inbox(path, prefetch=2, lease_seconds=lease_seconds)
    with journal.open("a", buffering=1) as lines:
        while True:
            received = inbox.receive(1)
            if received is not None:
                time.sleep(work_seconds)
                lines.write(f"{received.message.subject_id} {received.redelivered}\n")
                inbox.acknowledge(received)


def written(journals):
    return [
        UUID(line.split()[0])
        for journal in journals
        if journal.exists()
        for line in journal.read_text().splitlines()
    ]


def wait_until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.02)


def empty(path):
    """Neither waiting nor in hand: what a queue's size does not tell."""
    with closing(sqlite3.connect(path)) as file:
        return file.execute("SELECT count(*) FROM message").fetchone() == (0,)


class Crew:
    """Consumers that can be killed, and are replaced."""

    def __init__(self, path: Path, *options: float) -> None:
        self.path, self.options = path, options
        self.journals: list[Path] = []
        self.running: list = []

    def hire(self) -> None:
        journal = self.path.with_name(f"journal-{len(self.journals)}")
        self.journals.append(journal)
        process = processes.Process(target=consume, args=(self.path, journal, *self.options))
        process.start()
        self.running.append(process)

    def kill(self, index: int) -> None:
        process = self.running.pop(index)
        process.kill()
        process.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        while self.running:
            self.kill(0)


class TestSeveralProcesses:
    def test_two_publishers_and_three_consumers_lose_and_repeat_nothing(self, tmp_path):
        path = tmp_path / "queue.db"
        shares = [[uuid4() for _ in range(400)] for _ in range(2)]

        with Crew(path, 30, 0) as crew:
            publishers = [
                processes.Process(target=publish, args=(path, share, batch))
                for share, batch in zip(shares, (1, 10), strict=True)
            ]
            for publisher in publishers:
                publisher.start()
            for _ in range(3):
                crew.hire()
            wait_until(lambda: len(written(crew.journals)) >= 800)
            wait_until(lambda: empty(path))
            for publisher in publishers:
                publisher.join()

            assert Counter(written(crew.journals)) == Counter(shares[0] + shares[1])

    def test_killed_consumers_lose_nothing(self, tmp_path):
        path = tmp_path / "queue.db"
        ids = [uuid4() for _ in range(300)]
        publish(path, ids, batch=100)
        chance = random.Random(6)

        with Crew(path, 0.5, 0.01) as crew:
            for _ in range(2):
                crew.hire()
            for death in range(6):
                wait_until(lambda: len(written(crew.journals)) >= 10 + 30 * death)
                time.sleep(chance.random() * 0.05)
                crew.hire()
                crew.kill(chance.randrange(2))
            wait_until(lambda: set(written(crew.journals)) == set(ids))
            wait_until(lambda: empty(path))

            repeated = len(written(crew.journals)) - len(ids)
            assert repeated <= 6, "at most what each of the dead had in hand unacknowledged"

    def test_a_killed_consumers_message_comes_back_after_its_lease_and_says_so(self, tmp_path):
        path = tmp_path / "queue.db"
        publish(path, [uuid4()])
        with Crew(path, 1.0, 60) as crew:
            crew.hire()
            queue = LeaseQueue(path)
            wait_until(lambda: queue.size(topology.queue_name(QUEUE)) == 0)
            crew.kill(0)
        inbox = an_inbox(path)
        started = time.monotonic()

        received = inbox.receive(5)

        assert received is not None and received.redelivered
        assert 0.2 < time.monotonic() - started < 3
        inbox.close()
        queue.close()


class TestLeases:
    @pytest.fixture
    def path(self, tmp_path):
        publish(tmp_path / "queue.db", [uuid4()])
        return tmp_path / "queue.db"

    def test_what_is_in_hand_is_renewed_as_long_as_somebody_listens(self, path):
        worker, rival = an_inbox(path, lease_seconds=0.5), an_inbox(path, lease_seconds=0.5)
        received = worker.receive(1)
        deadline = time.monotonic() + 1.5

        while time.monotonic() < deadline:
            assert worker.receive(0.1) is None
            assert rival.receive(0.1) is None

        worker.acknowledge(received)
        assert empty(path)
        worker.close()
        rival.close()

    def test_who_lost_the_lease_can_neither_remove_nor_return_the_message(self, path):
        name = topology.queue_name(QUEUE)
        slow, quick = LeaseQueue(path, lease_seconds=0.05), LeaseQueue(path)
        lost = slow.take(name)
        time.sleep(0.1)
        held = quick.take(name)

        assert (held.id, held.deliveries) == (lost.id, 2)
        assert not slow.remove(lost.id, lost.deliveries)
        assert not slow.give_back(lost.id, lost.deliveries)
        assert not slow.bury(lost.id, lost.deliveries)
        assert quick.remove(held.id, held.deliveries)

    def test_a_number_is_never_given_twice(self, path):
        name = topology.queue_name(QUEUE)
        queue = LeaseQueue(path)
        first = queue.take(name)
        queue.remove(first.id, first.deliveries)

        queue.add([(name, "{}")])

        assert queue.take(name).id > first.id

    def test_a_consumer_that_closes_gives_back_what_it_has_at_its_old_place(self, path):
        publish(path, [uuid4()])
        inbox = an_inbox(path)
        first = inbox.receive(1)

        inbox.close()

        again = an_inbox(path)
        assert again.receive(1).message == first.message
        again.close()

    def test_a_buried_message_is_kept_and_a_purge_leaves_what_is_in_hand(self, path):
        publish(path, [uuid4(), uuid4()])
        name = topology.queue_name(QUEUE)
        inbox, queue = an_inbox(path, prefetch=2), LeaseQueue(path)

        inbox.bury(inbox.receive(1))
        held = inbox.receive(1)

        assert queue.count_dead(name) == 1
        assert queue.size(name) == 1
        assert queue.purge(name) == 1
        inbox.acknowledge(held)
        assert empty(path)
        inbox.close()

    def test_a_message_that_keeps_killing_is_a_dead_letter_in_the_end(self, path):
        name = topology.queue_name(QUEUE)
        queue = LeaseQueue(path, lease_seconds=0.01, delivery_limit=3)

        deliveries = 0
        while queue.count_dead(name) == 0:
            deliveries += queue.take(name) is not None
            time.sleep(0.02)

        assert deliveries == 3
        assert empty(path)

    def test_dead_letters_are_forgotten_in_time(self, path):
        name = topology.queue_name(QUEUE)
        queue = LeaseQueue(path)
        leased = queue.take(name)
        queue.bury(leased.id, leased.deliveries)
        time.sleep(0.01)

        LeaseQueue(path, keep_dead_seconds=0).close()

        assert queue.count_dead(name) == 0


def test_without_bells_a_message_is_found_by_looking(tmp_path):
    path = tmp_path / "queue.db"
    inbox = an_inbox(path, bells=False)
    publish(path, [uuid4()])

    assert inbox.receive(1) is not None
    assert not (tmp_path / "queue.db.bells").exists()
    inbox.close()
