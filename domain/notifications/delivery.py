"""What is sent to one address: tried until it arrives or its time is up."""

from datetime import datetime, timedelta
from enum import Enum
from typing import ClassVar
from uuid import UUID

import attrs

from domain.notifications.channel import ChannelKind, Occasion


class DeliveryStatus(Enum):
    """The state of a delivery."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@attrs.define(kw_only=True)
class Sending:
    """
    Something on its way to an address.

    Attributes:
        due_at: When the next attempt may be made.
    """

    # Waits before the second and later attempts: the schedule of Standard Webhooks 1.0.0,
    # 75 h 35 min in all, each shortened or stretched by up to a fifth.
    RETRY_AFTER: ClassVar[tuple[timedelta, ...]] = tuple(
        timedelta(seconds=seconds)
        for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
    )
    JITTER: ClassVar[float] = 0.2

    due_at: datetime
    status: DeliveryStatus = DeliveryStatus.PENDING
    attempts: int = 0
    last_error: str | None = None

    def succeed(self) -> None:
        """Record that it arrived."""
        self.attempts += 1
        self.status = DeliveryStatus.DELIVERED
        self.last_error = None

    def fail(
        self,
        error: str,
        now: datetime,
        *,
        transient: bool,
        wait: timedelta | None = None,
        drawn: float = 0.5,
    ) -> None:
        """
        Record a failed attempt; the next one is due by the schedule.

        Args:
            transient: Whether another attempt makes sense.
            wait: What the receiver asked for; a longer wait than the schedule's is granted, up to
                the schedule's longest.
            drawn: A random number from 0 up to 1, for the jitter; 0.5 adds none.
        """
        self.attempts += 1
        self.last_error = error
        if not transient or self.attempts > len(self.RETRY_AFTER):
            self.status = DeliveryStatus.FAILED
        else:
            stretch = 1 + self.JITTER * (2 * drawn - 1)
            scheduled = self.RETRY_AFTER[self.attempts - 1] * stretch
            self.due_at = now + max(scheduled, min(wait or scheduled, self.RETRY_AFTER[-1]))


@attrs.define(kw_only=True)
class Delivery(Sending):
    """
    One notice to one address.

    Attributes:
        id: Stays the same over all attempts; a receiver can tell a repeat by it.
        address: E-mail address or URL.
    """

    id: UUID
    task_id: UUID
    channel: ChannelKind
    address: str
    occasion: Occasion
