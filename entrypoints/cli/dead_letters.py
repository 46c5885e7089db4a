# ruff: noqa: T201  # a command line prints
"""`safelight dead-letters`: messages that nobody could deliver, for people to look at."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from application.errors import PortFailure
from application.ports.dead_letters import DeadLetter, DeadLetters
from entrypoints.container import Platform
from entrypoints.mistakes import OperatorMistake
from entrypoints.settings import Settings

QUEUES = ("image-processing", "notifications")
_AT_A_TIME = 1_000


def show(settings: Settings, *, as_json: bool) -> None:
    """Print every dead letter, oldest first."""
    with _opened(settings) as dead_letters:
        found = {queue: dead_letters.peek(queue, _AT_A_TIME) for queue in QUEUES}
    if as_json:
        print(json.dumps({queue: [_document(each) for each in found[queue]] for queue in QUEUES}))
        return
    for queue, letters in found.items():
        print(f"{queue}: {len(letters) or 'no'} dead letter{'' if len(letters) == 1 else 's'}")
        for each in letters:
            print("  " + _line(each))
    if any(found.values()):
        print("\nPut back:  safelight dead-letters requeue QUEUE ID … (or --all)")
        print("Forget:    safelight dead-letters drop QUEUE ID … (or --all)")


def requeue(settings: Settings, queue: str, ids: Sequence[str], *, every: bool) -> None:
    """Put dead letters back where they came from."""
    with _opened(settings) as dead_letters:
        number = dead_letters.requeue(queue, _chosen(dead_letters, queue, ids, every=every))
    print(f"Put back: {number}.")


def drop(settings: Settings, queue: str, ids: Sequence[str], *, every: bool) -> None:
    """Forget dead letters; what they were about stays in the database and is swept up there."""
    with _opened(settings) as dead_letters:
        number = dead_letters.drop(queue, _chosen(dead_letters, queue, ids, every=every))
    print(f"Forgotten: {number}.")


@contextmanager
def _opened(settings: Settings) -> Iterator[DeadLetters]:
    dead_letters: DeadLetters = Platform(settings=settings).adapters().dead_letters()
    try:
        yield dead_letters
    except PortFailure as failure:
        raise OperatorMistake(f"{failure.code}: {failure}") from failure
    finally:
        dead_letters.close()


def _chosen(
    dead_letters: DeadLetters, queue: str, ids: Sequence[str], *, every: bool
) -> Sequence[str]:
    if every == bool(ids):
        raise OperatorMistake("name some ids, or say --all", exit_code=2)
    return [each.id for each in dead_letters.peek(queue, _AT_A_TIME)] if every else ids


def _line(letter: DeadLetter) -> str:
    what = "not a message of ours"
    if letter.message is not None:
        what = f"{letter.message.kind} {letter.message.subject_id}"
    died_at = "" if letter.died_at is None else f"  {letter.died_at:%Y-%m-%d %H:%M:%S}"
    return f"{letter.id}  {letter.reason.value}  {letter.priority.value}  {what}{died_at}"


def _document(letter: DeadLetter) -> dict[str, object]:
    message = letter.message
    return {
        "id": letter.id,
        "reason": letter.reason.value,
        "priority": letter.priority.value,
        "kind": None if message is None else message.kind,
        "subjectId": None if message is None else str(message.subject_id),
        "deliveries": letter.deliveries,
        "diedAt": None if letter.died_at is None else letter.died_at.isoformat(),
    }
