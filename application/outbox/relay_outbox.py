"""Carry what the outbox holds to the broker."""

from datetime import timedelta

import attrs

from application.ports.failpoints import Failpoints
from application.ports.message_publisher import BrokerUnavailable, MessagePublisher
from application.ports.unit_of_work import Database


@attrs.frozen
class RelayOutbox:
    """
    Publish a batch of due messages and forget those that the broker has confirmed.

    A crash in between publishes them again: a message may come twice, never zero times. One that
    no queue takes is kept, and holds up nobody: another release may declare its queue.

    Attributes:
        lease: How long a batch is ours; longer than the broker may take to confirm.
        pause: Wait after a broker that did not confirm.
        refusal_pause: Wait before a message that no queue takes is tried again.

    Raises:
        BrokerUnavailable: Nothing was forgotten; the batch is due again after the pause.
    """

    database: Database
    publisher: MessagePublisher
    failpoints: Failpoints
    lease: timedelta = timedelta(seconds=60)
    pause: timedelta = timedelta(seconds=1)
    refusal_pause: timedelta = timedelta(minutes=1)
    batch: int = 100

    def __call__(self) -> int:
        """Return how many messages were carried; as many as `batch` means there may be more."""
        with self.database.reading() as work:
            if not work.outbox.has_due():
                return 0
        with self.database.writing(durable=False) as work:
            entries = work.outbox.take_due(self.batch, self.lease)
            work.commit()
        if not entries:
            return 0
        taken = [entry.id for entry in entries]
        try:
            positions = self.publisher.publish([entry.message for entry in entries])
        except BrokerUnavailable:
            with self.database.writing(durable=False) as work:
                work.outbox.release(taken, self.pause)
                work.commit()
            raise
        self.failpoints.reach("relay.after_publish")
        refused = [taken[position] for position in positions]
        with self.database.writing(durable=False) as work:
            work.outbox.remove([each for each in taken if each not in refused])
            work.outbox.release(refused, self.refusal_pause)
            work.commit()
        return len(taken)
