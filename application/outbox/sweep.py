"""Find what nobody rings for any more, and ring again."""

from datetime import timedelta

import attrs

from application.ports.clock import Clock
from application.ports.message_publisher import Message
from application.ports.unit_of_work import Database, UnitOfWork
from domain.notifications.events import DeliveryDue, LetterDue
from domain.tasks.priority import Priority
from domain.users.erasure import ErasureDue


@attrs.frozen
class Sweep:
    """
    Ring again for whatever has waited too long to be heard.

    That is: queued tasks, ends that nobody has announced, deliveries and letters whose next attempt
    is due, accounts of which something is left.

    The database is the truth and the broker only a bell: this is what makes up for every ring
    that was lost, a broker's whole disk included.
    """

    database: Database
    clock: Clock
    patience: timedelta
    delivery_lease: timedelta
    batch: int = 100

    def __call__(self) -> int:
        """Return how many messages were put into the outbox."""
        with self.database.reading() as work:
            due = work.deliveries.has_due()
            letters_due = work.letters.has_due()
            erasures_due = work.erasures.has_due(self.clock.now())
        rung = 0
        with self.database.writing() as work:
            rung += work.tasks.ring_again(self.patience, self.batch)
            rung += work.tasks.announce_again(self.patience, self.batch)
            if due:
                for delivery in work.deliveries.due(self.batch):
                    work.deliveries.postpone(delivery.id, self.delivery_lease)
                    work.outbox.add(
                        # What failed once is in no hurry.
                        Message(
                            DeliveryDue.__name__,
                            delivery.id,
                            str(delivery.task_id),
                            Priority.BATCH,
                        )
                    )
                    rung += 1
            if erasures_due:
                rung += self._ring_for_erasures(work)
            if letters_due:
                rung += self._ring_for_letters(work)
            if rung:
                work.commit()
        return rung

    def _ring_for_letters(self, work: UnitOfWork) -> int:
        letters = work.letters.due(self.batch)
        for letter in letters:
            work.letters.postpone(letter.id, self.delivery_lease)
            work.outbox.add(Message(LetterDue.__name__, letter.id, str(letter.id), Priority.BATCH))
        return len(letters)

    def _ring_for_erasures(self, work: UnitOfWork) -> int:
        erasures = work.erasures.due(self.clock.now(), self.batch)
        for erasure_id in erasures:
            work.erasures.postpone(erasure_id, self.delivery_lease)
            work.outbox.add(
                Message(ErasureDue.__name__, erasure_id, str(erasure_id), Priority.BATCH)
            )
        return len(erasures)
