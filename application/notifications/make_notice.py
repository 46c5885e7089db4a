"""Put together what there is to tell about a task."""

from datetime import timedelta

import attrs

from application.images.download_name import download_name
from application.ports.clock import Clock
from application.ports.download_links import DownloadLinks
from application.ports.notifier import Notice
from domain.images.image import Image
from domain.notifications.delivery import Delivery
from domain.tasks.task import Result, Task
from domain.users.user import User


@attrs.frozen
class MakeNotice:
    """
    Write the notice of one delivery, with a fresh link to the result.

    Attributes:
        link_lifetime: Longer than a link that was asked for: people read their mail later.
    """

    links: DownloadLinks
    clock: Clock
    link_lifetime: timedelta

    def __call__(self, delivery: Delivery, task: Task, image: Image, user: User) -> Notice:
        """Sign a link if there is a result, and gather the rest."""
        result = task.results[0] if task.results else None
        url = expires_at = None
        if result is not None:
            expires_at = self.clock.now() + self.link_lifetime
            url = self._link(task, image, result)
        return Notice(
            delivery_id=delivery.id,
            occasion=delivery.occasion,
            user_id=user.id,
            username=user.username,
            image_id=image.id,
            task_id=task.id,
            label=image.label,
            occurred_at=task.finished_at or task.created_at,
            download_url=url,
            download_expires_at=expires_at,
            result=result,
            failure=task.failure,
            variants=tuple((one, self._link(task, image, one)) for one in task.results[1:]),
            analysis=task.analysis,
        )

    def _link(self, task: Task, image: Image, result: Result) -> str:
        return self.links.issue(task.id, result, download_name(image, result), self.link_lifetime)
