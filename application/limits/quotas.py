"""How much one account may have and do."""

import math
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import attrs

from application.errors import QuotaExceeded
from application.ports.repositories.images import Usage
from application.ports.unit_of_work import UnitOfWork

DAY: Final = timedelta(days=1)


@attrs.frozen
class Quotas:
    """
    Bounds of one account; 0 for none.

    Attributes:
        images: Pictures whose file is kept.
        bytes_stored: Of those files and of the results that are kept.
        tasks_per_day: Tasks made within the last 24 hours.
    """

    images: int = 0
    bytes_stored: int = 0
    tasks_per_day: int = 0

    @property
    def are_set(self) -> bool:
        """Whether there is any bound."""
        return bool(self.images or self.bytes_stored or self.tasks_per_day)

    def check(
        self, work: UnitOfWork, user_id: UUID, now: datetime, *, image_bytes: int | None = None
    ) -> None:
        """
        Return if one more task fits in, with a picture of *image_bytes* unless that is there.

        Whoever goes on to write has held the account first, or two at once would both fit in.

        Raises:
            QuotaExceeded: It does not.
        """
        if not self.are_set:
            return
        usage = work.images.usage_of(user_id, now - DAY)
        if image_bytes is not None:
            self._check_room(usage, image_bytes)
        if self.tasks_per_day and usage.tasks >= self.tasks_per_day:
            oldest = usage.oldest_task_at or now
            wait = max(1, math.ceil((oldest + DAY - now).total_seconds()))
            raise QuotaExceeded(
                f"The account may have {self.tasks_per_day} tasks made in 24 hours, and has had "
                f"{usage.tasks}; the next in {wait} s.",
                name="tasks",
                most=self.tasks_per_day,
                window_seconds=int(DAY.total_seconds()),
                retry_after_seconds=wait,
            )

    def _check_room(self, usage: Usage, image_bytes: int) -> None:
        if self.images and usage.images >= self.images:
            raise QuotaExceeded(
                f"The account may keep {self.images} images, and has {usage.images}.",
                name="images",
                most=self.images,
            )
        if self.bytes_stored and usage.bytes_stored + image_bytes > self.bytes_stored:
            raise QuotaExceeded(
                f"The account may keep {self.bytes_stored} bytes, and has {usage.bytes_stored}; "
                f"{image_bytes} more are too many.",
                name="bytes",
                most=self.bytes_stored,
                left=max(0, self.bytes_stored - usage.bytes_stored),
            )
