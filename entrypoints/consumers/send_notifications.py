"""The notifier: tells customers what became of their tasks."""

from collections.abc import Callable
from enum import Enum
from uuid import UUID

from application.ports.message_inbox import MessageInbox
from domain.notifications.events import DeliveryDue, LetterDue
from domain.tasks.events import TaskCompleted, TaskFailed
from domain.users.erasure import ErasureDue
from entrypoints.consumers.consumer import Consumer, Handler, Patience


def notifier(
    inbox: MessageInbox,
    announce_outcome: Callable[[UUID], None],
    send_delivery: Callable[[UUID], Enum | None],
    send_letter: Callable[[UUID], Enum | None],
    finish_erasure: Callable[[UUID], Enum | None],
    *,
    concurrency: int,
    patience: Patience,
) -> Consumer:
    """
    Return the consumer that announces ended tasks and sends due deliveries and letters.

    It destroys what is left of accounts and pictures that were given up as well: nobody waits for
    that either.

    An address that does not answer is no failure of the message: the delivery's own schedule says
    when it is due again.
    """
    return Consumer(
        inbox,
        {
            TaskCompleted.__name__: Handler("task_id", announce_outcome),
            TaskFailed.__name__: Handler("task_id", announce_outcome),
            DeliveryDue.__name__: Handler("delivery_id", send_delivery),
            LetterDue.__name__: Handler("letter_id", send_letter),
            ErasureDue.__name__: Handler("erasure_id", finish_erasure),
        },
        concurrency=concurrency,
        patience=patience,
    )
