# mypy: untyped-calls-exclude=kombu
"""Dead letters in the queues of SQS that the redrive policies name."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from adapters.messaging.dead_letters import KombuDeadLetters, message_in
from adapters.messaging.topology import dead_name_of
from application.ports.dead_letters import DeadLetter, DeathReason
from application.ports.message_publisher import Message
from domain.tasks.priority import Priority

_LOOK_SECONDS = 30
"""How long a look hides what it found, should it end before it lets go."""
_AT_A_TIME = 10


class SqsDeadLetters(KombuDeadLetters):
    """
    Takes dead letters in hand, and lets go those that shall stay.

    What SQS moved itself keeps the time at which it was sent first.
    """

    def _count(self, name: str) -> int:
        return int(self._channel._size(dead_name_of(name)))  # noqa: SLF001 (Kombu has no other)

    def _peek(self, name: str, lane: Priority, limit: int) -> Sequence[DeadLetter]:
        with self._in_hand(name, limit) as letters:
            return [_dead_letter_of(letter, lane) for letter in letters]

    def _requeue(self, name: str, ids: Sequence[str]) -> int:
        with self._in_hand(name) as letters:
            chosen = [letter for letter in letters if letter["MessageId"] in ids]
            self._channel.add([(name, letter["Body"]) for letter in chosen])
            self._delete(name, chosen)
        return len(chosen)

    def _drop(self, name: str, ids: Sequence[str]) -> int:
        with self._in_hand(name) as letters:
            chosen = [letter for letter in letters if letter["MessageId"] in ids]
            self._delete(name, chosen)
        return len(chosen)

    def _delete(self, name: str, letters: Sequence[dict[str, Any]]) -> None:
        for letter in letters:
            self._channel.sqs().delete_message(
                QueueUrl=self._channel.url_of(dead_name_of(name)),
                ReceiptHandle=letter["ReceiptHandle"],
            )
            letter["deleted"] = True

    @contextmanager
    def _in_hand(self, name: str, limit: int | None = None) -> Iterator[list[dict[str, Any]]]:
        letters: list[dict[str, Any]] = []
        wanted = self._count(name) if limit is None else limit
        while len(letters) < wanted:
            found = self._channel.sqs().receive_message(
                QueueUrl=self._channel.url_of(dead_name_of(name)),
                MaxNumberOfMessages=min(_AT_A_TIME, wanted - len(letters)),
                VisibilityTimeout=_LOOK_SECONDS,
                WaitTimeSeconds=1,  # else only some of Amazon's servers are asked
                MessageSystemAttributeNames=["SentTimestamp"],
                MessageAttributeNames=["All"],
            )
            if not found.get("Messages"):
                break
            letters += found["Messages"]
        yield letters
        self._channel.see_again(
            [
                (dead_name_of(name), letter["ReceiptHandle"])
                for letter in letters
                if "deleted" not in letter
            ],
            0,
        )


def _dead_letter_of(letter: dict[str, Any], lane: Priority) -> DeadLetter:
    attributes = letter.get("MessageAttributes", {})
    deliveries = attributes.get("deliveries", {}).get("StringValue")
    sent_at = int(letter["Attributes"]["SentTimestamp"]) / 1000
    return DeadLetter(
        letter["MessageId"],
        lane,
        _message_of(letter),
        DeathReason.REJECTED if "rejected" in attributes else DeathReason.DELIVERY_LIMIT,
        None if deliveries is None else int(deliveries),
        datetime.fromtimestamp(sent_at, UTC),
    )


def _message_of(letter: dict[str, Any]) -> Message | None:
    with suppress(ValueError, KeyError, TypeError):
        return message_in(json.loads(json.loads(letter["Body"])["body"]))
    return None
