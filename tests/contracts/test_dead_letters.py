"""What the `DeadLetters` of every broker promise."""

import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.messaging import topology
from application.ports.dead_letters import DeathReason
from domain.tasks.priority import Priority
from tests.contracts.brokers import QUEUE, a_message, wait_until
from tests.contracts.brokers import broker as broker


@pytest.fixture
def buried(broker):
    """Three messages among the dead letters, one of them of the batch lane."""
    messages = [a_message(), a_message(), a_message(priority=Priority.BATCH)]
    broker.publisher().publish(messages)
    inbox = broker.inbox(prefetch=3)
    for received in broker.everything_from(inbox):
        inbox.bury(received)
    inbox.close()
    dead = broker.dead_letters()
    wait_until(lambda: dead.count(QUEUE) == 3)
    return messages


class TestDeadLetters:
    def test_a_buried_message_is_kept_whole(self, broker, buried):
        dead = broker.dead_letters()

        letters = dead.peek(QUEUE)

        assert {letter.message for letter in letters} == set(buried)
        for letter in letters:
            assert letter.reason is DeathReason.REJECTED
            assert letter.priority is letter.message.priority
            assert letter.deliveries == 1
            assert abs(datetime.now(UTC) - letter.died_at) < timedelta(minutes=1)

    def test_looking_leaves_them_where_they_are(self, broker, buried):
        dead = broker.dead_letters()

        looks = [{letter.id for letter in dead.peek(QUEUE)} for _ in range(3)]

        assert looks[0] == looks[1] == looks[2]
        assert len(looks[0]) == 3
        assert len(dead.peek(QUEUE, limit=2)) == 2

    def test_other_queues_have_their_own(self, broker, buried):
        dead = broker.dead_letters()

        assert dead.count(topology.NOTIFICATIONS) == 0
        assert list(dead.peek(topology.NOTIFICATIONS)) == []

    def test_what_is_requeued_comes_again_as_new_in_its_lane(self, broker, buried):
        dead = broker.dead_letters()
        chosen = [letter for letter in dead.peek(QUEUE) if letter.message in buried[1:]]

        assert dead.requeue(QUEUE, [letter.id for letter in chosen]) == 2

        received = broker.everything_from(broker.inbox())
        assert {each.message for each in received} == set(buried[1:])
        assert not any(each.redelivered for each in received)
        assert [letter.message for letter in dead.peek(QUEUE)] == buried[:1]

    def test_what_is_dropped_is_gone(self, broker, buried):
        dead = broker.dead_letters()
        chosen = [letter for letter in dead.peek(QUEUE) if letter.message != buried[1]]

        assert dead.drop(QUEUE, [letter.id for letter in chosen]) == 2

        assert [letter.message for letter in dead.peek(QUEUE)] == buried[1:2]
        assert broker.everything_from(broker.inbox()) == []

    def test_what_is_not_there_is_neither_requeued_nor_dropped(self, broker, buried):
        dead = broker.dead_letters()

        assert dead.requeue(QUEUE, ["nobody"]) == 0
        assert dead.drop(QUEUE, ["nobody"]) == 0
        assert len(dead.peek(QUEUE)) == 3

    def test_what_is_no_message_is_kept_too(self, broker):
        broker.publisher().publish([])
        broker.send_raw({"not": "ours"})
        inbox = broker.inbox()
        assert inbox.receive(broker.patience) is None
        inbox.close()
        dead = broker.dead_letters()
        wait_until(lambda: dead.count(QUEUE) == 1)

        (letter,) = dead.peek(QUEUE)

        assert letter.message is None
        assert dead.drop(QUEUE, [letter.id]) == 1
        assert list(dead.peek(QUEUE)) == []

    def test_pickles_and_the_like_are_kept_and_never_loaded(self, broker, tmp_path):
        """Whoever can write to the broker must not be able to run code here."""
        loaded = tmp_path / "loaded"
        bomb = pickle.dumps(Bomb(loaded))
        broker.publisher().publish([])
        properties = {"content_encoding": "binary"}
        broker.send_raw(bomb, content_type="application/x-python-serialize", **properties)
        broker.send_raw(bomb, content_type="application/json", **properties)
        broker.send_raw(bomb, content_type="application/data", **properties)
        broker.send_raw(
            f"!!python/object/apply:pathlib.Path.touch [!!python/name:pathlib.Path '{loaded}']",
            content_type="application/x-yaml",
            content_encoding="utf-8",
        )
        good = a_message()
        broker.publisher().publish([good])

        received = broker.everything_from(broker.inbox(prefetch=2))
        dead = broker.dead_letters()
        wait_until(lambda: dead.count(QUEUE) == 4)
        letters = dead.peek(QUEUE)
        dead.requeue(QUEUE, [letter.id for letter in letters])
        again = broker.everything_from(broker.inbox(prefetch=2))

        assert [each.message for each in received] == [good]
        assert [letter.message for letter in letters] == [None] * 4
        assert [each.message for each in again if each.message != good] == []
        assert not loaded.exists()
        pickle.loads(bomb)
        assert loaded.exists()  # it would have been noticed


class Bomb:
    """What leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)
