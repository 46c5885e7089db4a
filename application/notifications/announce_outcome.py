"""Tell a customer that their task has ended."""

from uuid import UUID

import attrs

from application.notifications.send_delivery import SendDelivery
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.unit_of_work import Database, UnitOfWork
from domain.notifications.channel import ChannelKind, Occasion
from domain.notifications.delivery import Delivery, DeliveryStatus
from domain.tasks.task import Task, TaskStatus
from domain.users.user import User


@attrs.frozen
class AnnounceOutcome:
    """
    Decide who is to be told of a task's end, write that down, and make the first attempts.

    Heard twice, it finds the deliveries there and sends only what has not arrived.
    """

    database: Database
    send_delivery: SendDelivery
    clock: Clock
    ids: Ids

    def __call__(self, task_id: UUID) -> None:
        """Plan the deliveries and claim them, all at once; then attempt each."""
        with self.database.writing() as work:
            task = work.tasks.get(task_id)
            user = work.users.get(task.user_id) if task else None
            image = work.images.get(task.image_id) if task else None
            if task is None or user is None or image is None:
                return
            work.deliveries.add_new(self._plan(work, task, user))
            work.tasks.mark_announced(task_id)
            claimed = self._claim(work, task_id)
            work.commit()
        if claimed:
            notice = self.send_delivery.make_notice(claimed[0], task, image, user)
            self.send_delivery.send_claimed(claimed, notice)

    def _claim(self, work: UnitOfWork, task_id: UUID) -> list[Delivery]:
        """Claim what is due; what another notifier has in hand stays with it."""
        claims = (
            work.deliveries.claim(delivery.id, self.send_delivery.lease)
            for delivery in work.deliveries.of_task(task_id)
            if delivery.status is DeliveryStatus.PENDING
        )
        return [claimed for claimed in claims if claimed is not None]

    def _plan(self, work: UnitOfWork, task: Task, user: User) -> list[Delivery]:
        occasion = Occasion.COMPLETED if task.status is TaskStatus.COMPLETED else Occasion.FAILED
        if not task.status.is_final or occasion not in task.notify.occasions:
            return []
        urls = [webhook.url for webhook in work.webhooks.of_user(user.id)]
        if task.notify.webhook is not None:
            urls.append(task.notify.webhook)
        addresses = [(ChannelKind.WEBHOOK, url) for url in dict.fromkeys(urls)]
        addresses.append((ChannelKind.EMAIL, user.email))
        return [
            Delivery(
                id=self.ids.new(),
                task_id=task.id,
                channel=channel,
                address=address,
                occasion=occasion,
                due_at=self.clock.now(),
            )
            for channel, address in addresses
        ]
