"""Waits for messages of one SQS queue in a thread: a long poll stops nobody from beating."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

_AT_A_TIME = 10
"""Messages that SQS hands out at most at a time."""


class SqsPoller:
    """
    Asks for as many messages as its consumer may have in hand, again and again.

    Attributes:
        receive: Asks SQS for so many messages, and waits for the first for some seconds.
        limit: Most messages that have come and are not let go.
        release: Gives messages back that come when nobody wants them any more.
        ring: Says that there is something to look at.
    """

    def __init__(
        self,
        receive: Callable[[int], Sequence[dict[str, Any]]],
        *,
        limit: int,
        release: Callable[[Sequence[dict[str, Any]]], None],
        ring: Callable[[], None],
    ) -> None:
        self._receive, self._release, self._ring = receive, release, ring
        self._limit = limit or _AT_A_TIME
        self._held = 0
        self._closed = False
        self._changed = threading.Condition()
        self._arrived: deque[dict[str, Any]] = deque()
        self._failure: Exception | None = None

    def start(self) -> None:
        """Begin; a poll under way keeps no process from ending."""
        threading.Thread(target=self._run, name="sqs-poller", daemon=True).start()

    def take(self) -> dict[str, Any] | None:
        """Return a message that has come, or raise what has gone wrong."""
        if self._arrived:
            return self._arrived.popleft()
        if self._failure is not None:
            raise self._failure
        return None

    def let_go(self) -> None:
        """Make room for another message."""
        with self._changed:
            self._held -= 1
            self._changed.notify()

    def close(self) -> None:
        """Ask no more, and give back what has come and was not taken."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            untaken = list(self._arrived)
            self._arrived.clear()
        if untaken:
            self._release(untaken)

    def _run(self) -> None:
        while (room := self._wait_for_room()) > 0:
            try:
                messages = self._receive(min(room, _AT_A_TIME))
            except (BotoCoreError, ClientError, OSError) as failure:
                self._failure = failure
                self._ring()
                return
            with self._changed:
                closed = self._closed
                if not closed:
                    self._held += len(messages)
                    self._arrived += messages
            if messages and closed:
                self._release(messages)
            elif messages:
                self._ring()

    def _wait_for_room(self) -> int:
        """Return how many more messages are wanted; 0 once nobody wants any."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._held < self._limit)
            return 0 if self._closed else self._limit - self._held
