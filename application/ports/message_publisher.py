"""Rings the bell: hands messages to the broker."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import attrs

from application.errors import PortFailure
from domain.tasks.priority import Priority


class BrokerUnavailable(PortFailure):
    """The broker did not confirm; nothing may be taken as sent."""

    code = "broker-unavailable"
    transient = True


class BrokerRefused(BrokerUnavailable):
    """The broker is there and will not have us; waiting does not mend it, somebody has to."""

    code = "broker-refused"
    transient = False


@attrs.frozen
class Message:
    """
    A word to a consumer: what happened, to which id.

    Attributes:
        kind: Name of the event, such as `TaskQueued`; the topology knows its queue.
        subject_id: The task or delivery that it is about.
        correlation_id: The request that set it off.
        priority: The lane that it travels in.
    """

    kind: str
    subject_id: UUID
    correlation_id: str
    priority: Priority = Priority.INTERACTIVE


class MessagePublisher(Protocol):
    """Publishes messages."""

    @abstractmethod
    def publish(self, messages: Sequence[Message]) -> Sequence[int]:
        """
        Publish *messages*, persistent, and return once the broker has confirmed all of them.

        Returns the positions of those that no queue takes, which are nowhere now.

        Raises:
            BrokerUnavailable: Any may have been published, none may be taken as sent.
        """
