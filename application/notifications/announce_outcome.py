"""Tell a customer that their task has ended."""

from uuid import UUID, uuid5

import attrs

from application.notifications.send_delivery import SendDelivery
from application.ports.clock import Clock
from application.ports.message_publisher import Message
from application.ports.unit_of_work import Database, UnitOfWork
from domain.notifications.channel import ChannelKind, Occasion
from domain.notifications.delivery import Delivery, DeliveryStatus
from domain.notifications.events import DeliveryDue
from domain.tasks.task import Task, TaskStatus
from domain.users.user import User


@attrs.frozen
class AnnounceOutcome:
    """
    Decide who is to be told of a task's end, write that down, and tell one address a channel.

    Every other address has a message of its own, so that no slow one keeps another waiting. Heard
    twice, it finds the deliveries there and sends only what has not arrived; heard again after a
    power cut that undid what it wrote, it gives them the ids that they had.
    """

    database: Database
    send_delivery: SendDelivery
    clock: Clock

    def __call__(self, task_id: UUID) -> None:
        """Plan the deliveries, claim some and ring for the others, all at once; then send."""
        with self.database.writing(durable=False) as work:
            task = work.tasks.get(task_id)
            user = work.users.get(task.user_id) if task else None
            image = work.images.get(task.image_id) if task else None
            if task is None or user is None or image is None:
                return
            if not task.status.is_final:
                return  # put back in the meantime: it will have another end
            if not work.tasks.mark_announced(task_id):
                return  # its owner has erased it just now
            work.deliveries.add_new(self._plan(work, task, user))
            claimed = self._claim_one_a_channel(work, task)
            work.commit()
        for delivery in claimed:
            notice = self.send_delivery.make_notice(delivery, task, image, user)
            self.send_delivery.send_claimed(delivery, notice)

    def _claim_one_a_channel(self, work: UnitOfWork, task: Task) -> list[Delivery]:
        """Claim what is due, and ring for the rest; another notifier's stays with it."""
        lease, claimed = self.send_delivery.lease, dict[ChannelKind, Delivery | None]()
        # Mail goes first: its server is the house's own, a webhook's may be slow.
        for delivery in sorted(work.deliveries.of_task(task.id), key=_is_webhook):
            if delivery.status is not DeliveryStatus.PENDING or delivery.attempts:
                continue  # what has been tried comes again by its own schedule
            if delivery.channel not in claimed:
                claimed[delivery.channel] = work.deliveries.claim(delivery.id, lease)
            else:
                work.deliveries.postpone(delivery.id, lease)
                work.outbox.add(
                    Message(DeliveryDue.__name__, delivery.id, task.correlation_id, task.priority)
                )
        return [delivery for delivery in claimed.values() if delivery is not None]

    def _plan(self, work: UnitOfWork, task: Task, user: User) -> list[Delivery]:
        occasion = Occasion.COMPLETED if task.status is TaskStatus.COMPLETED else Occasion.FAILED
        if occasion not in task.notify.occasions:
            return []
        addresses = [(ChannelKind.EMAIL, user.email)]
        urls = [one.url for one in work.webhooks.of_user(user.id) if one.disabled_at is None]
        if task.notify.webhook is not None:
            urls.append(task.notify.webhook)
        addresses += [(ChannelKind.WEBHOOK, url) for url in dict.fromkeys(urls)]
        return [
            Delivery(
                # The same however often it is planned, for whoever compares the ids of calls;
                # another once the task was put back, since the fence has grown by then.
                id=uuid5(task.id, f"{task.fence}:{channel.value}:{address}"),
                task_id=task.id,
                channel=channel,
                address=address,
                occasion=occasion,
                due_at=self.clock.now(),
            )
            for channel, address in addresses
        ]


def _is_webhook(delivery: Delivery) -> bool:
    return delivery.channel is ChannelKind.WEBHOOK
