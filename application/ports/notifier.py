"""Tells a customer something, over one channel."""

from abc import abstractmethod
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import attrs

from application.errors import PortFailure
from domain.images.analysis import Analysis
from domain.notifications.channel import Occasion
from domain.tasks.task import Failure, Result


class DeliveryFailed(PortFailure):
    """
    The notice did not arrive.

    Attributes:
        wait: How long the receiver asked us to wait, or None.
        unwanted: Whether the receiver wants to hear no more of anything.
    """

    code = "delivery-failed"

    def __init__(
        self,
        reason: str,
        *,
        transient: bool = True,
        wait: timedelta | None = None,
        unwanted: bool = False,
    ) -> None:
        super().__init__(reason)
        self.transient = transient
        self.wait = wait
        self.unwanted = unwanted


@attrs.frozen
class Notice:
    """
    What there is to tell.

    Attributes:
        delivery_id: The same for every attempt.
        label: The customer's name for the picture.
        download_url: Opens the result without a token; None for a failure.
        variants: The other results, each with a link of its own.
        analysis: What was found out about the picture, if that was asked.
    """

    delivery_id: UUID
    occasion: Occasion
    user_id: UUID
    username: str
    image_id: UUID
    task_id: UUID
    label: str
    occurred_at: datetime
    download_url: str | None
    download_expires_at: datetime | None
    result: Result | None
    failure: Failure | None
    variants: tuple[tuple[Result, str], ...] = ()
    analysis: Analysis | None = None


class Notifier(Protocol):
    """Tells a customer something, over one channel."""

    @abstractmethod
    def send(self, address: str, notice: Notice) -> None:
        """
        Send *notice* to *address*, an e-mail address or a URL as the channel has it.

        Raises:
            DeliveryFailed: With a reason that holds no secret and no address.
        """
