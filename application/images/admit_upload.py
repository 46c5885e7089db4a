"""Decide whether there is room for another upload, before its bytes are taken in."""

from datetime import datetime, timedelta
from typing import Final

import attrs

from application.actor import Actor
from application.errors import ApplicationError, EmailNotVerified
from application.ports.clock import Clock
from application.ports.object_store import ObjectStore, StorageFull
from application.ports.unit_of_work import Database

_FRESH_FOR: Final = timedelta(seconds=1)
_TIMES_ITS_COST: Final = 100  # how long a measure is kept at least, that it cost but one per cent
_LEAST_FREE_SHARE: Final = 0.1


class QueueFull(ApplicationError):
    """More tasks wait than the platform lets wait."""

    code = "queue-full"


class TooManyQueuedTasks(ApplicationError):
    """More of the caller's tasks wait than one account may have waiting."""

    code = "too-many-queued-tasks"


@attrs.frozen
class HighWaterMarks:
    """
    How full the platform may get.

    Attributes:
        queued_tasks: Tasks that wait, of everybody.
        queued_tasks_per_user: Tasks that wait, of one account.
        free_bytes: What the store must have free; a tenth of a small store is enough.
    """

    queued_tasks: int
    queued_tasks_per_user: int
    free_bytes: int


@attrs.define
class AdmitUpload:
    """
    Refuse an upload that would wait too long or find no room.

    The platform's own levels are measured once a second, and less often where that takes long, so
    a burst may overshoot the marks by what arrives in between. An account's tasks are counted only
    while more wait, all in all, than one account may have.

    Attributes:
        needs_verified_email: Whether the caller's address has to be verified before.

    Raises:
        EmailNotVerified: It has to, and is not.
        StorageFull: The store is nearly full.
        QueueFull: Too many tasks wait.
        TooManyQueuedTasks: Too many of the caller's own do.
    """

    database: Database
    object_store: ObjectStore
    clock: Clock
    marks: HighWaterMarks
    needs_verified_email: bool = False
    _queued: int = attrs.field(default=0, init=False)
    _is_storage_full: bool = attrs.field(default=False, init=False)
    _measured_at: datetime | None = attrs.field(default=None, init=False)
    _fresh_for: timedelta = attrs.field(default=_FRESH_FOR, init=False)

    def __call__(self, actor: Actor) -> None:
        """Return if there is room."""
        if self.needs_verified_email:
            self._require_verified_email(actor)
        self._measure()
        marks = self.marks
        if self._is_storage_full:
            raise StorageFull("The store is nearly full; nothing is taken in until there is room.")
        if self._queued >= marks.queued_tasks:
            raise QueueFull("As many tasks wait as may wait; send the picture again in a while.")
        if self._queued >= marks.queued_tasks_per_user:
            with self.database.reading() as work:
                own = work.tasks.count_queued_of(actor.user_id, marks.queued_tasks_per_user)
            if own >= marks.queued_tasks_per_user:
                raise TooManyQueuedTasks(
                    f"{own} of your tasks wait, which is as many as may; send the picture again "
                    "when some of them are done."
                )

    def _require_verified_email(self, actor: Actor) -> None:
        with self.database.reading() as work:
            user = work.users.get(actor.user_id)
        if user is None or user.email_verified_at is None:
            raise EmailNotVerified(
                "Show first that your e-mail address is yours: POST /api/auth/verify-email/send "
                "has a letter sent to it."
            )

    def _measure(self) -> None:
        now = self.clock.now()
        if self._measured_at is not None and abs(now - self._measured_at) < self._fresh_for:
            return
        with self.database.reading() as work:
            self._queued = work.tasks.count_queued(self.marks.queued_tasks)
        room = self.object_store.room()
        self._is_storage_full = room is not None and room.free_bytes < min(
            self.marks.free_bytes, room.total_bytes * _LEAST_FREE_SHARE
        )
        self._measured_at = now
        self._fresh_for = max(_FRESH_FOR, (self.clock.now() - now) * _TIMES_ITS_COST)
