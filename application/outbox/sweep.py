"""Find what nobody rings for any more, and ring again."""

from datetime import timedelta

import attrs

from application.ports.message_publisher import Message
from application.ports.unit_of_work import Database, UnitOfWork
from domain.notifications.events import DeliveryDue, LetterDue
from domain.tasks.priority import Priority


@attrs.frozen
class Sweep:
    """
    Ring again for whatever has waited too long to be heard.

    That is: queued tasks, ends that nobody has announced, deliveries and letters whose next attempt
    is due.

    The database is the truth and the broker only a bell: this is what makes up for every ring
    that was lost, a broker's whole disk included.
    """

    database: Database
    patience: timedelta
    delivery_lease: timedelta
    batch: int = 100

    def __call__(self) -> int:
        """Return how many messages were put into the outbox."""
        with self.database.reading() as work:
            due = work.deliveries.has_due()
            letters_due = work.letters.has_due()
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
