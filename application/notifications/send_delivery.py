"""Make one attempt to tell one address."""

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from uuid import UUID

import attrs

from application.notifications.make_notice import MakeNotice
from application.ports.clock import Clock
from application.ports.notifier import DeliveryFailed, Notifier
from application.ports.telemetry import Telemetry
from application.ports.unit_of_work import Database
from domain.notifications.channel import ChannelKind
from domain.notifications.delivery import DeliveryStatus


class SendOutcome(Enum):
    """What became of the attempt."""

    SKIPPED = "skipped"  # delivered already, not due, or another notifier's
    DELIVERED = "delivered"
    RETRIED = "retried"
    FAILED = "failed"


@attrs.frozen
class SendDelivery:
    """
    Claim a due delivery, send it once and record how that went.

    Attributes:
        lease: Longer than the slowest send.
    """

    database: Database
    notifiers: Mapping[ChannelKind, Notifier]
    make_notice: MakeNotice
    clock: Clock
    telemetry: Telemetry
    lease: timedelta

    def __call__(self, delivery_id: UUID) -> SendOutcome:
        """Claim, send, save."""
        with self.database.writing() as work:
            delivery = work.deliveries.claim(delivery_id, self.lease)
            task = work.tasks.get(delivery.task_id) if delivery else None
            image = work.images.get(task.image_id) if task else None
            user = work.users.get(task.user_id) if task else None
            work.commit()
        if delivery is None or task is None or image is None or user is None:
            return SendOutcome.SKIPPED
        notice = self.make_notice(delivery, task, image, user)
        try:
            self.notifiers[delivery.channel].send(delivery.address, notice)
            delivery.succeed()
        except DeliveryFailed as error:
            delivery.fail(str(error), self.clock.now(), may_heal=error.may_heal, wait=error.wait)
        with self.database.writing() as work:
            work.deliveries.save(delivery)
            work.commit()
        outcome = {
            DeliveryStatus.DELIVERED: SendOutcome.DELIVERED,
            DeliveryStatus.FAILED: SendOutcome.FAILED,
            DeliveryStatus.PENDING: SendOutcome.RETRIED,
        }[delivery.status]
        self.telemetry.count_delivery(delivery.channel.value, outcome.value)
        return outcome
