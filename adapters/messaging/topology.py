# mypy: untyped-calls-exclude=kombu
"""
The exchange, the queues and what goes where: the only place that knows.

Every queue stands once for each lane, so that what nobody waits for never stands in the way of
somebody: `image-processing.v1` and `image-processing.batch.v1`, each with its dead letters.

A broker refuses to declare a queue again with other arguments, so every name carries a version:
whoever changes an argument raises it, and the old queue is drained by the old processes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kombu.entity import Exchange, Queue
from kombu.entity import binding as bind

from domain.notifications.events import DeliveryDue, LetterDue
from domain.tasks.events import TaskCompleted, TaskFailed, TaskQueued
from domain.tasks.priority import Priority
from domain.users.erasure import ErasureDue

VERSION = 1

IMAGE_PROCESSING = "image-processing"
NOTIFICATIONS = "notifications"

KINDS: Mapping[str, Sequence[str]] = {
    IMAGE_PROCESSING: (TaskQueued.__name__,),
    NOTIFICATIONS: (
        TaskCompleted.__name__,
        TaskFailed.__name__,
        DeliveryDue.__name__,
        LetterDue.__name__,
        ErasureDue.__name__,
    ),
}
"""Which kinds of message each queue is for."""

DELIVERY_LIMIT = 20
"""Deliveries after which a message is a dead letter; RabbitMQ before 4.0 sets no limit itself."""


def exchange() -> Exchange:
    """Return the exchange that every message is published to."""
    return Exchange(f"safelight.v{VERSION}", type="direct", durable=True)


def routing_key(kind: str, priority: Priority) -> str:
    """Return what sends a kind of message to the lane of its queue."""
    return kind if priority is Priority.INTERACTIVE else f"{kind}.{priority.value}"


def queue_name(queue: str, priority: Priority = Priority.INTERACTIVE) -> str:
    """Return the full name of one of the `KINDS`' queues."""
    if queue not in KINDS:
        raise ValueError(f"There is no queue {queue!r}; there are {', '.join(KINDS)}.")
    return f"{routing_key(queue, priority)}.v{VERSION}"


def dead_queue_name(queue: str, priority: Priority = Priority.INTERACTIVE) -> str:
    """Return the name of the queue that holds the dead letters of *queue*."""
    return dead_name_of(queue_name(queue, priority))


def dead_name_of(full_name: str) -> str:
    """Return the name of the queue that holds the dead letters of the one named *full_name*."""
    return f"{full_name}.dead"


def queues() -> list[Queue]:
    """Return every queue, dead letters' included, ready to be declared."""
    return [
        declared
        for queue in KINDS
        for priority in Priority
        for declared in (dead_queue_of(queue, priority), queue_of(queue, priority))
    ]


def queue_of(queue: str, priority: Priority = Priority.INTERACTIVE) -> Queue:
    """Return a queue, bound to its kinds of message."""
    return Queue(
        queue_name(queue, priority),
        bindings=[
            bind(exchange(), routing_key=routing_key(kind, priority)) for kind in KINDS[queue]
        ],
        durable=True,
        queue_arguments=_QUORUM
        | {
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": _dead_exchange().name,
            "x-dead-letter-routing-key": dead_queue_name(queue, priority),
            # A dead letter leaves its queue only once the other queue has it, which RabbitMQ
            # offers only together with the refusal of what does not fit.
            "x-dead-letter-strategy": "at-least-once",
        },
    )


def dead_queue_of(queue: str, priority: Priority = Priority.INTERACTIVE) -> Queue:
    """Return the queue that holds the dead letters of *queue*."""
    name = dead_queue_name(queue, priority)
    return Queue(
        name,
        exchange=_dead_exchange(),
        routing_key=name,
        durable=True,
        # Looking at a dead letter delivers it, and RabbitMQ from 4.0 on would throw it away at
        # the twentieth look.
        queue_arguments=_QUORUM | {"x-delivery-limit": _NEVER},
    )


def _dead_exchange() -> Exchange:
    return Exchange(f"safelight.v{VERSION}.dead", type="direct", durable=True)


_NEVER = 2**31 - 1

_QUORUM: dict[str, Any] = {"x-queue-type": "quorum", "x-overflow": "reject-publish"}
"""Replicated and on disk; brokers of other makes read past these."""
