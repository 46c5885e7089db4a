# mypy: untyped-calls-exclude=kombu
"""Dead letters in the embedded queue's file."""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from adapters.messaging.dead_letters import KombuDeadLetters, message_in
from adapters.messaging.lease_queue import Dead, LeaseQueue
from application.ports.dead_letters import DeadLetter, DeathReason
from application.ports.message_publisher import Message
from domain.tasks.priority import Priority


class EmbeddedDeadLetters(KombuDeadLetters):
    """Rows of the table `dead_letter`."""

    @property
    def _queue(self) -> LeaseQueue:
        queue: LeaseQueue = self._connection.transport.queue
        return queue

    def _count(self, name: str) -> int:
        return self._queue.count_dead(name)

    def _peek(self, name: str, lane: Priority, limit: int) -> Sequence[DeadLetter]:
        return [
            DeadLetter(
                str(dead.id),
                lane,
                _message_of(dead),
                DeathReason.REJECTED if dead.rejected else DeathReason.DELIVERY_LIMIT,
                dead.deliveries,
                datetime.fromtimestamp(dead.died_at, UTC),
            )
            for dead in self._queue.list_dead(name, limit)
        ]

    def _requeue(self, name: str, ids: Sequence[str]) -> int:
        raised = self._queue.raise_dead(name, _numbers(ids))
        if raised:
            self._connection.transport.ring(name)
        return raised

    def _drop(self, name: str, ids: Sequence[str]) -> int:
        return self._queue.drop_dead(name, _numbers(ids))


def _numbers(ids: Sequence[str]) -> list[int]:
    return [int(each) for each in ids if each.isdecimal()]


def _message_of(dead: Dead) -> Message | None:
    with suppress(ValueError, KeyError, TypeError):
        return message_in(json.loads(json.loads(dead.document)["body"]))
    return None
