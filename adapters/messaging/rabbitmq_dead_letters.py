# mypy: untyped-calls-exclude=kombu
"""Dead letters in RabbitMQ's queues for them."""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import amqp
from kombu.exceptions import OperationalError

from adapters.messaging.confirms import Confirms
from adapters.messaging.dead_letters import KombuDeadLetters, message_in
from adapters.messaging.topology import dead_name_of
from application.ports.dead_letters import DeadLetter, DeathReason
from application.ports.message_publisher import Message
from domain.tasks.priority import Priority

_CONFIRM_SECONDS = 10.0
_THE_BROKERS_OWN = ("x-death", "x-delivery-count", "x-first-death-", "x-last-death-")


class RabbitMQDeadLetters(KombuDeadLetters):
    """
    Takes dead letters in hand over a channel of their own, and lets go those that shall stay.

    RabbitMQ has no other way to look into a queue, or to take a message from its middle.
    """

    def _count(self, name: str) -> int:
        declared = self._channel.queue_declare(dead_name_of(name), passive=True)
        return int(declared.message_count)

    def _peek(self, name: str, lane: Priority, limit: int) -> Sequence[DeadLetter]:
        with self._in_hand(name, limit) as (_, letters):
            return [_dead_letter_of(letter, lane) for letter in letters]

    def _requeue(self, name: str, ids: Sequence[str]) -> int:
        with self._in_hand(name) as (channel, letters):
            chosen = [letter for letter in letters if _id_of(letter) in ids]
            confirms = Confirms(channel)
            returned: list[Any] = []
            channel.events["basic_return"].add(lambda *back: returned.append(back))
            for letter in chosen:
                confirms.expect()
                channel.basic_publish(_as_new(letter), routing_key=name, mandatory=True)
            confirms.wait(time.monotonic() + _CONFIRM_SECONDS)
            if returned:
                raise OperationalError(f"There is no queue {name}.")
            for letter in chosen:
                channel.basic_ack(letter.delivery_tag)
        return len(chosen)

    def _drop(self, name: str, ids: Sequence[str]) -> int:
        with self._in_hand(name) as (channel, letters):
            chosen = [letter for letter in letters if _id_of(letter) in ids]
            for letter in chosen:
                channel.basic_ack(letter.delivery_tag)
        return len(chosen)

    @contextmanager
    def _in_hand(self, name: str, limit: int | None = None) -> Iterator[tuple[Any, list[Any]]]:
        channel = self._connection.channel()
        letters: list[Any] = []
        wanted = self._count(name)
        if limit is not None:
            wanted = min(wanted, limit)
        while len(letters) < wanted:
            letter = channel.basic_get(dead_name_of(name))
            if letter is None:
                break
            letters.append(letter)
        yield channel, letters
        # What is not acknowledged goes back, in its old order.
        channel.close()


def _id_of(letter: Any) -> str:
    return str(
        letter.properties.get("message_id") or hashlib.sha256(_bytes_of(letter)).hexdigest()[:32]
    )


def _bytes_of(letter: Any) -> bytes:
    body = letter.body
    return body.encode() if isinstance(body, str) else bytes(body)


def _dead_letter_of(letter: Any, lane: Priority) -> DeadLetter:
    headers = letter.properties.get("application_headers") or {}
    deaths = headers.get("x-death") or [{}]
    rejected = deaths[0].get("reason") != "delivery_limit"
    died_at = deaths[0].get("time")
    deliveries = headers.get("x-delivery-count")
    if deliveries is not None and rejected:
        deliveries += 1  # it counts what came before the last
    return DeadLetter(
        _id_of(letter),
        lane,
        _message_of(letter),
        DeathReason.REJECTED if rejected else DeathReason.DELIVERY_LIMIT,
        deliveries if deliveries is not None else 1,
        died_at.replace(tzinfo=UTC) if isinstance(died_at, datetime) else None,
    )


def _message_of(letter: Any) -> Message | None:
    try:
        return message_in(json.loads(_bytes_of(letter)))
    except ValueError:
        return None


def _as_new(letter: Any) -> amqp.Message:
    properties = dict(letter.properties)
    properties["application_headers"] = {
        name: value
        for name, value in (properties.get("application_headers") or {}).items()
        if not name.startswith(_THE_BROKERS_OWN)
    }
    return amqp.Message(letter.body, **properties | {"delivery_mode": 2})
