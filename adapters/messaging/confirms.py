"""A broker's word that it keeps what was published: one wait for a whole batch."""

import time
from typing import Any

from kombu.exceptions import OperationalError


class Confirms:
    """
    Counts what is published over an AMQP channel, and what of it the broker has confirmed.

    A confirmation for each message would be a flush of the broker's disk for each; here the
    broker flushes once for as many as it likes.
    """

    def __init__(self, channel: Any) -> None:
        self._connection = channel.connection
        self._last = 0
        self._open: set[int] = set()
        self._refused = 0
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)

    def expect(self) -> None:
        """Count a message that is about to be published."""
        self._last += 1
        self._open.add(self._last)

    def wait(self, deadline: float) -> None:
        """
        Return once everything is confirmed.

        Raises:
            TimeoutError: It is `time.monotonic()` *deadline*, as when the broker is blocked.
            OperationalError: The broker refused a message, as when its queue is full.
        """
        while self._open:
            seconds = deadline - time.monotonic()
            if seconds <= 0:
                raise TimeoutError(
                    f"{len(self._open)} messages were not confirmed in time; a broker that is"
                    " short of disk or memory confirms nothing"
                )
            try:
                self._connection.drain_events(timeout=seconds)
            except TimeoutError:
                continue
        if self._refused:
            raise OperationalError(f"The broker refused {self._refused} messages; is a queue full?")

    def _on_ack(self, delivery_tag: int, multiple: bool) -> None:
        self._close(delivery_tag, multiple)

    def _on_nack(self, delivery_tag: int, multiple: bool) -> None:
        self._refused += self._close(delivery_tag, multiple)

    def _close(self, delivery_tag: int, multiple: bool) -> int:
        closed = {tag for tag in self._open if tag <= delivery_tag} if multiple else {delivery_tag}
        self._open -= closed
        return len(closed)
