"""Begin an erasure, be it of an account or of one picture."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from application.ports.message_publisher import Message
from application.ports.unit_of_work import UnitOfWork
from domain.tasks.priority import Priority
from domain.users.erasure import Erasure, ErasureDue

_RING_TAKES: Final = timedelta(minutes=1)


def begin_erasure(work: UnitOfWork, erasure: Erasure, files: Sequence[str] = ()) -> None:
    """
    Write down what is to be destroyed, with the message that has it carried out.

    In the caller's transaction, with the change that leaves *files* without a row.
    """
    work.erasures.add(erasure, files)
    work.erasures.postpone(erasure.id, _RING_TAKES)
    work.outbox.add(Message(ErasureDue.__name__, erasure.id, str(erasure.id), Priority.BATCH))
