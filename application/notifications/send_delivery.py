"""Make one attempt to tell an address, or the several addresses of one task."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import Enum
from typing import Final
from uuid import UUID

import attrs

from application.notifications.make_notice import MakeNotice
from application.ports.clock import Clock
from application.ports.notifier import DeliveryFailed, Notice, Notifier
from application.ports.telemetry import Telemetry
from application.ports.unit_of_work import Database
from domain.notifications.channel import ChannelKind
from domain.notifications.delivery import Delivery, DeliveryStatus

# What became of an attempt waits no longer than this, and one more attempt, to be written down.
_UNSAVED: Final = timedelta(seconds=1)


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
        self.send_claimed([delivery], self.make_notice(delivery, task, image, user))
        return _outcome_of(delivery)

    def send_claimed(self, deliveries: Sequence[Delivery], notice: Notice) -> None:
        """
        Send *notice* once to each of *deliveries*, claimed just now, and save how that went.

        No transaction is open meanwhile. Quick attempts are saved together; after a slow one
        what there is is saved at once, and the claims of the rest are renewed. Whoever dies in
        between leaves deliveries to be repeated, under their own ids, when their leases are over.

        Raises:
            Exception: What no notifier should raise, once everyone else has been tried.
        """
        sent: list[Delivery] = []
        unforeseen: list[Exception] = []
        since = self.clock.now()
        for position, delivery in enumerate(deliveries, 1):
            try:
                self._attempt(delivery, attrs.evolve(notice, delivery_id=delivery.id))
            except Exception as error:  # noqa: BLE001  # one address keeps no other waiting
                # Counted like any other failure, or it would be tried for ever.
                delivery.fail("An error on our side.", self.clock.now(), may_heal=True)
                unforeseen.append(error)
            sent.append(delivery)
            waiting = deliveries[position:]
            if not waiting or self.clock.now() - since > _UNSAVED:
                self._save(sent, waiting)
                sent, since = [], self.clock.now()
        if unforeseen:
            raise unforeseen[0]

    def _attempt(self, delivery: Delivery, notice: Notice) -> None:
        try:
            self.notifiers[delivery.channel].send(delivery.address, notice)
            delivery.succeed()
        except DeliveryFailed as error:
            delivery.fail(str(error), self.clock.now(), may_heal=error.may_heal, wait=error.wait)

    def _save(self, sent: Sequence[Delivery], waiting: Sequence[Delivery]) -> None:
        with self.database.writing() as work:
            for delivery in sent:
                work.deliveries.save(delivery)
            for delivery in waiting:
                work.deliveries.renew(delivery.id, self.lease)
            work.commit()
        for delivery in sent:
            self.telemetry.count_delivery(delivery.channel.value, _outcome_of(delivery).value)


def _outcome_of(delivery: Delivery) -> SendOutcome:
    return {
        DeliveryStatus.DELIVERED: SendOutcome.DELIVERED,
        DeliveryStatus.FAILED: SendOutcome.FAILED,
        DeliveryStatus.PENDING: SendOutcome.RETRIED,
    }[delivery.status]
