"""
A message as it travels: a JSON object of ids.

    {"version": 1, "kind": "TaskQueued", "subjectId": "…", "correlationId": "…",
     "priority": "interactive"}

Newer versions may add members, which older readers leave alone; a version that means something
else travels through queues of another name.
"""

from collections.abc import Mapping
from uuid import UUID

from application.ports.message_publisher import Message
from domain.tasks.priority import Priority

VERSION = 1


class NotAnEnvelope(Exception):
    """What came is no message of ours; reading it again will not help."""


def wrap(message: Message) -> Mapping[str, object]:
    """Return *message* as a JSON object."""
    return {
        "version": VERSION,
        "kind": message.kind,
        "subjectId": str(message.subject_id),
        "correlationId": message.correlation_id,
        "priority": message.priority.value,
    }


def unwrap(body: object) -> Message:
    """
    Return the message in *body*, a decoded JSON document.

    Raises:
        NotAnEnvelope: A member is missing or is not what it should be.
    """
    match body:
        case {
            "version": int(version),
            "kind": str(kind),
            "subjectId": str(subject_id),
            "correlationId": str(correlation_id),
            **more,
        } if version >= VERSION:
            try:
                return Message(
                    kind, UUID(subject_id), correlation_id, Priority.read(more.get("priority"))
                )
            except ValueError as error:
                raise NotAnEnvelope(f"{subject_id[:64]!r} is not an id.") from error
        case _:
            raise NotAnEnvelope(
                "A message is a JSON object with version, kind, subjectId and correlationId."
            )
