"""Have a letter sent."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import attrs

from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.message_publisher import Message
from application.ports.unit_of_work import UnitOfWork
from domain.notifications.events import LetterDue
from domain.notifications.letter import Letter, LetterKind
from domain.tasks.priority import Priority

MOST_LETTERS: Final = 3
"""Letters of one kind to one address within `WITHIN`: nobody floods a stranger's mailbox."""
WITHIN: Final = timedelta(hours=1)
_RING_TAKES: Final = timedelta(minutes=1)


@attrs.frozen
class PostLetter:
    """Write a letter down with the message that has it sent: both are there, or neither is."""

    ids: Ids
    clock: Clock

    def __call__(
        self, work: UnitOfWork, kind: LetterKind, address: str, user_id: UUID | None
    ) -> None:
        """Add row and message."""
        now = self.clock.now()
        letter = Letter(
            id=self.ids.new(),
            kind=kind,
            address=address,
            user_id=user_id,
            created_at=now,
            due_at=now,
        )
        work.letters.add(letter)
        work.letters.postpone(letter.id, _RING_TAKES)
        work.outbox.add(
            Message(LetterDue.__name__, letter.id, str(letter.id), Priority.INTERACTIVE)
        )

    def if_few(
        self, work: UnitOfWork, kind: LetterKind, address: str, user_id: UUID | None
    ) -> bool:
        """Do so unless the address has had enough of the kind lately; return whether it was."""
        recently = work.letters.count_to(address, kind, self.clock.now() - WITHIN)
        if recently >= MOST_LETTERS:
            return False
        self(work, kind, address, user_id)
        return True
