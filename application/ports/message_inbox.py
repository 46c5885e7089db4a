"""Hears the bell: takes messages from the broker."""

from abc import abstractmethod
from typing import Protocol

import attrs

from application.ports.message_publisher import Message


@attrs.frozen
class ReceivedMessage:
    """
    A message in hand, to be acknowledged, given back or buried.

    Attributes:
        receipt: What the inbox knows it by.
        redelivered: Whether somebody has had it in hand before.
    """

    message: Message
    receipt: int
    redelivered: bool


class MessageInbox(Protocol):
    """
    One queue's messages, for one thread; only `wake` may be called from others.

    Every method but `wake` and `close` raises `BrokerUnavailable` when the connection is lost:
    the broker then gives what was in hand to whoever asks next, and the inbox may be opened
    again. Receipts from before are worth nothing, and what is done with them does nothing.
    """

    @abstractmethod
    def open(self) -> None:
        """Connect and start to take messages."""

    @abstractmethod
    def receive(self, seconds: float) -> ReceivedMessage | None:
        """
        Return the next message, or None after *seconds* or a call of `wake`.

        Also keeps the connection and what is in hand alive, so it is to be called about every
        second however long the work takes. What is not a message at all is buried on the way.
        A closed inbox only waits.
        """

    @abstractmethod
    def wake(self) -> None:
        """Make `receive` return; for other threads and signal handlers."""

    @abstractmethod
    def stop_taking(self) -> None:
        """Ask the broker for no more; what is under way still comes out of `receive`."""

    @abstractmethod
    def acknowledge(self, received: ReceivedMessage) -> None:
        """Say that a message is dealt with for good."""

    @abstractmethod
    def give_back(self, received: ReceivedMessage) -> None:
        """Put a message back into its queue, for anybody."""

    @abstractmethod
    def bury(self, received: ReceivedMessage) -> None:
        """Put a message among the dead letters, where it is kept for people to look at."""

    @abstractmethod
    def close(self) -> None:
        """Give back what is in hand and disconnect; never fails."""
