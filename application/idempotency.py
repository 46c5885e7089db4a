"""
Requests that are carried out once, however often they are sent.

A client that got no answer cannot know whether its request was carried out, so it sends it again
under the same key. What the first one made is written down beside the key in one transaction: a
crash leaves both or neither.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import attrs

from application.errors import ApplicationError
from application.ports.repositories.idempotency_keys import RememberedReply
from application.ports.unit_of_work import UnitOfWork

REMEMBERED_FOR: Final = timedelta(hours=24)
"""After this a key may be used for something else."""


class IdempotencyKeyReused(ApplicationError):
    """The key stands for another request."""

    code = "idempotency-key-reused"


class RequestInProgress(ApplicationError):
    """The same request has come twice at the same time; one of the two is carried out."""

    code = "request-in-progress"

    def __init__(self) -> None:
        super().__init__(
            "The same request is being carried out; send it again in a moment for its answer."
        )


@attrs.frozen
class IdempotencyKey:
    """
    A request's name, chosen by its client.

    Attributes:
        scope: Whose keys it is one of: an account's, or those of everybody without one.
        key: The client's own word.
        fingerprint: Of everything that the request asks for; hex.
    """

    scope: str
    key: str
    fingerprint: str

    def reply(self, work: UnitOfWork) -> Mapping[str, str] | None:
        """
        Return what the request was answered with, or None if it has not been carried out.

        Raises:
            IdempotencyKeyReused: The key was given to a request that asked for something else.
        """
        earlier = work.idempotency_keys.find(self.scope, self.key, REMEMBERED_FOR)
        if earlier is None:
            return None
        if earlier.fingerprint != self.fingerprint:
            raise IdempotencyKeyReused(
                "This Idempotency-Key was sent with another request; choose a new one."
            )
        return earlier.reply

    def remember(self, work: UnitOfWork, **reply: str) -> None:
        """
        Write down what the request is answered with.

        Raises:
            TwinRequest: The same request has been carried out in the meantime.
        """
        work.idempotency_keys.add(
            RememberedReply(self.scope, self.key, self.fingerprint, reply), REMEMBERED_FOR
        )
