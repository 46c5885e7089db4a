"""Make one attempt to tell one address."""

import random
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from uuid import UUID

import attrs

from application.accounts.post_letter import PostLetter
from application.back_off import Draw
from application.notifications.make_notice import MakeNotice
from application.ports.clock import Clock
from application.ports.notifier import DeliveryFailed, Notice, Notifier
from application.ports.telemetry import Telemetry
from application.ports.unit_of_work import Database
from domain.notifications.channel import ChannelKind
from domain.notifications.delivery import Delivery, DeliveryStatus
from domain.notifications.letter import LetterKind


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

    A receiver that wants no more is called no more, and its owner is told by letter.

    Attributes:
        lease: Longer than the slowest send.
    """

    database: Database
    notifiers: Mapping[ChannelKind, Notifier]
    make_notice: MakeNotice
    clock: Clock
    telemetry: Telemetry
    post_letter: PostLetter
    lease: timedelta
    draw: Draw = random.random

    def __call__(self, delivery_id: UUID) -> SendOutcome:
        """Claim, send, save."""
        with self.database.writing(durable=False) as work:
            delivery = work.deliveries.claim(delivery_id, self.lease)
            task = work.tasks.get(delivery.task_id) if delivery else None
            image = work.images.get(task.image_id) if task else None
            user = work.users.get(task.user_id) if task else None
            work.commit()
        if delivery is None or task is None or image is None or user is None:
            return SendOutcome.SKIPPED
        return self.send_claimed(delivery, self.make_notice(delivery, task, image, user))

    def send_claimed(self, delivery: Delivery, notice: Notice) -> SendOutcome:
        """
        Send *notice* to *delivery*, claimed just now, and save how that went.

        No transaction is open meanwhile. Whoever dies in between leaves a delivery to be repeated,
        under its own id, when the lease is over.

        Raises:
            Exception: What no notifier should raise, once it is saved as an attempt.
        """
        try:
            self.notifiers[delivery.channel].send(delivery.address, notice)
            delivery.succeed()
        except DeliveryFailed as error:
            delivery.fail(
                str(error),
                self.clock.now(),
                transient=error.transient,
                wait=error.wait,
                drawn=self.draw(),
            )
            if error.unwanted:
                self._disable(delivery.address, notice.user_id)
        except Exception:
            # Counted like any other failure, or it would be tried for ever.
            delivery.fail(
                "An error on our side.", self.clock.now(), transient=True, drawn=self.draw()
            )
            self._save(delivery)
            raise
        return self._save(delivery)

    def _disable(self, url: str, user_id: UUID) -> None:
        """Call the account's webhook no more, if it is one, and say so once."""
        with self.database.writing() as work:
            user = work.users.get(user_id)
            if user is None or not work.webhooks.disable(user_id, url, self.clock.now()):
                return  # an upload's own, or another delivery has seen to it
            self.post_letter.if_few(work, LetterKind.WEBHOOK_DISABLED, user.email, user.id)
            work.commit()

    def _save(self, delivery: Delivery) -> SendOutcome:
        # Whoever hears of it twice because of a power cut hears it under the same id.
        with self.database.writing(durable=False) as work:
            work.deliveries.save(delivery)
            work.commit()
        outcome = {
            DeliveryStatus.DELIVERED: SendOutcome.DELIVERED,
            DeliveryStatus.FAILED: SendOutcome.FAILED,
            DeliveryStatus.PENDING: SendOutcome.RETRIED,
        }[delivery.status]
        self.telemetry.count_delivery(delivery.channel.value, outcome.value)
        return outcome
