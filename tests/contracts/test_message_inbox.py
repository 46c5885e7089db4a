"""What every `MessageInbox` promises."""

import threading
import time
from uuid import uuid4

from domain.tasks.priority import Priority
from tests.contracts.brokers import a_message
from tests.contracts.brokers import broker as broker


def messages(count, priority=Priority.INTERACTIVE):
    return [a_message(priority=priority) for _ in range(count)]


def lanes_of(received):
    return [each.message.priority for each in received]


class TestMessageInbox:
    def test_what_is_given_back_comes_again_and_what_is_acknowledged_does_not(self, broker):
        broker.publisher().publish(messages(2))
        inbox = broker.inbox(prefetch=2)
        first, second = broker.everything_from(inbox)

        inbox.acknowledge(first)
        inbox.give_back(second)

        (again,) = broker.everything_from(inbox)
        assert again.message == second.message
        assert again.redelivered
        inbox.acknowledge(again)
        inbox.close()
        assert broker.everything_from(broker.inbox()) == []

    def test_a_killed_consumers_message_comes_again_and_says_so(self, broker):
        (message,) = messages(1)
        broker.publisher().publish([message])
        broker.kill_a_consumer()

        received = broker.inbox().receive(10)

        assert received is not None
        assert received.message == message
        assert received.redelivered

    def test_what_is_buried_does_not_come_again(self, broker):
        broker.publisher().publish(messages(2))
        inbox = broker.inbox(prefetch=1)

        inbox.bury(inbox.receive(5))

        assert len(broker.everything_from(inbox)) == 1

    def test_no_more_is_handed_out_than_was_asked_for(self, broker):
        broker.publisher().publish(messages(5))
        inbox = broker.inbox(prefetch=2)

        in_hand = broker.everything_from(inbox)
        inbox.acknowledge(in_hand[0])

        assert len(in_hand) == 2
        assert len(broker.everything_from(inbox)) == 1

    def test_interactive_messages_are_handed_out_first(self, broker):
        broker.publisher().publish(messages(3, Priority.BATCH) + messages(3))
        inbox = broker.inbox(prefetch=1)
        time.sleep(broker.patience)  # both lanes have come as far as they may

        lanes = []
        while (received := inbox.receive(broker.patience)) is not None:
            lanes.append(received.message.priority)
            time.sleep(broker.patience)
            inbox.acknowledge(received)
            time.sleep(2 * broker.patience)  # both lanes have to come again on a busy machine, too

        assert lanes == [Priority.INTERACTIVE] * 3 + [Priority.BATCH] * 3

    def test_a_batch_leaves_a_hand_free_for_somebody_who_waits(self, broker):
        publisher = broker.publisher()
        publisher.publish(messages(10, Priority.BATCH))
        inbox = broker.inbox(prefetch=3)
        assert lanes_of(broker.everything_from(inbox)) == [Priority.BATCH] * 2

        publisher.publish(messages(2))

        assert lanes_of(broker.everything_from(inbox)) == [Priority.INTERACTIVE]

    def test_a_single_hand_takes_a_batch_too(self, broker):
        broker.publisher().publish(messages(2, Priority.BATCH))
        inbox = broker.inbox(prefetch=1)

        assert lanes_of(broker.everything_from(inbox)) == [Priority.BATCH]

    def test_interactive_messages_may_fill_every_hand(self, broker):
        broker.publisher().publish(messages(5) + messages(5, Priority.BATCH))
        inbox = broker.inbox(prefetch=3)

        in_hand = broker.everything_from(inbox)

        assert len(in_hand) == 3
        assert lanes_of(in_hand).count(Priority.BATCH) <= 2

    def test_what_is_not_a_message_is_buried_and_the_next_one_comes(self, broker):
        newer = {"version": 2, "kind": "TaskQueued", "subjectId": str(uuid4())}
        newer |= {"correlationId": "r", "priority": {"new": "member"}}
        broker.publisher().publish([])
        broker.send_raw([])
        broker.send_raw(
            {"version": 1, "kind": "TaskQueued", "subjectId": "no", "correlationId": ""}
        )
        broker.send_raw({"kind": "TaskQueued"})
        broker.send_raw({"a": 1}, serializer="yaml")
        broker.send_raw("{", content_type="application/json")
        broker.send_raw(newer)

        inbox = broker.inbox(prefetch=2)
        received = broker.everything_from(inbox)

        assert [str(each.message.subject_id) for each in received] == [newer["subjectId"]]

    def test_what_is_in_hand_stays_there_as_long_as_somebody_listens(self, broker):
        broker.publisher().publish(messages(1))
        worker = broker.inbox(extend_seconds=0.5)
        in_hand = worker.receive(5)
        rival = broker.inbox(extend_seconds=0.5)
        deadline = time.monotonic() + 5  # longer than any lease

        while time.monotonic() < deadline:
            assert worker.receive(0.2) is None
            assert rival.receive(0.2) is None

        worker.acknowledge(in_hand)

    def test_a_receive_ends_at_once_when_it_is_woken(self, broker):
        inbox = broker.inbox()
        threading.Timer(0.1, inbox.wake).start()
        started = time.monotonic()

        assert inbox.receive(5) is None
        assert time.monotonic() - started < 1

    def test_a_message_ends_the_wait_for_it(self, broker):
        publisher = broker.publisher()
        publisher.publish([])
        inbox = broker.inbox()
        published_at = []

        def publish():
            published_at.append(time.monotonic())
            publisher.publish(messages(1))

        threading.Timer(0.2, publish).start()

        assert inbox.receive(10) is not None
        assert time.monotonic() - published_at[0] < 0.5

    def test_who_takes_no_more_is_sent_no_more_and_may_finish(self, broker):
        publisher = broker.publisher()
        publisher.publish(messages(1))
        inbox = broker.inbox(prefetch=5)
        in_hand = inbox.receive(5)

        inbox.stop_taking()
        publisher.publish(messages(1))

        assert broker.everything_from(inbox) == []
        inbox.acknowledge(in_hand)
        inbox.close()
        assert len(broker.everything_from(broker.inbox())) == 1

    def test_a_closed_inbox_gives_back_what_it_had_and_may_be_opened_again(self, broker):
        broker.publisher().publish(messages(2))
        inbox = broker.inbox(prefetch=2)
        before = broker.everything_from(inbox)
        inbox.close()
        assert inbox.receive(0) is None

        inbox.open()
        inbox.acknowledge(before[0])

        again = broker.everything_from(inbox)
        assert {each.message for each in again} == {each.message for each in before}
        assert all(each.redelivered for each in again)
