"""Tasks and their results, as they are remembered."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import attrs

from domain.images.analysis import Analysis
from domain.tasks.task import FailureCode, Task, TaskStatus, UnknownStatus


@attrs.frozen
class TaskFilter:
    """
    Which tasks are meant.

    Attributes:
        older_than: By when they were asked for, by the database's clock; None for any age.
    """

    status: TaskStatus
    code: FailureCode | None = None
    older_than: timedelta | None = None


class Tasks(Protocol):
    """Tasks and their results; every change also sets the image's status."""

    @abstractmethod
    def add(self, task: Task) -> None:
        """Add another task over an image that is there; the image shows its status from now on."""

    @abstractmethod
    def get(self, task_id: UUID) -> Task | None:
        """Return a task with its results, by its id."""

    @abstractmethod
    def hold(self, task_id: UUID) -> Task | None:
        """
        Return a task with its results, and keep others off until the transaction ends.

        Whoever adds what refers to a task holds it, so that it is not erased meanwhile.
        """

    @abstractmethod
    def newest_of(self, image_id: UUID) -> Task | None:
        """Return the newest task over an image, with its results."""

    @abstractmethod
    def newest_analysis_of(self, image_id: UUID) -> Analysis | None:
        """Return what the newest completed task that was asked about an image has found out."""

    @abstractmethod
    def claim(self, task_id: UUID, lease: timedelta) -> Task | None:
        """
        Claim a queued task: one more attempt, one more fence, a lease by the database's clock.

        Returns None when the task is not there or not queued: somebody else's, or done.
        """

    @abstractmethod
    def extend_leases(self, held: Sequence[tuple[UUID, int]], lease: timedelta) -> None:
        """Renew the leases of tasks, by id and fence, that still hold."""

    @abstractmethod
    def note_progress(self, task: Task, percent: int) -> bool:
        """
        Remember how far a claimed task is.

        Returns False, and changes nothing, when the fence or the state no longer holds: it has been
        cancelled, or is another's.
        """

    @abstractmethod
    def save_if_held(self, task: Task, *, delay: timedelta = timedelta()) -> bool:
        """
        Save a claimed task with its results and its analysis.

        Its events go to the outbox, due after *delay*.

        Returns False, and changes nothing, when the fence or the state no longer holds.
        """

    @abstractmethod
    def save_decided(self, task: Task, before: TaskStatus | UnknownStatus) -> bool:
        """
        Save what a person decided about a task that was *before*, and its events.

        Returns False, and changes nothing, when the fence or the state no longer holds.
        """

    @abstractmethod
    def page(
        self, wanted: TaskFilter, before: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[Task]:
        """
        Return tasks without their results, newest first.

        Args:
            before: Creation and id of the last one of the page before; None for the first page.
        """

    @abstractmethod
    def page_of(
        self,
        user_id: UUID,
        status: TaskStatus | None,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> Sequence[Task]:
        """
        Return a user's tasks without their results, newest first; of one moment, the highest id.

        Args:
            status: None for tasks of every status.
            after: Creation and id of the last one of the page before; None for the first page.
        """

    @abstractmethod
    def expired(self, limit: int) -> Sequence[Task]:
        """Return tasks in progress whose lease is over, by the database's clock; oldest first."""

    @abstractmethod
    def ring_again(self, older_than: timedelta, limit: int) -> int:
        """
        Put `TaskQueued` into the outbox anew for tasks that have waited unrung for too long.

        Each ring for the same task waits longer than the one before it, up to fourfold.

        Looks at the *limit* oldest of them. Returns how many were rung for: those whose
        `TaskQueued` still waits in the outbox are left alone. Survives a broker that lost its disk.
        """

    @abstractmethod
    def mark_announced(self, task_id: UUID) -> bool:
        """
        Remember that whoever is to be told of a task's end has a delivery; this holds the task.

        Returns False when it is not there.
        """

    @abstractmethod
    def announce_again(self, older_than: timedelta, limit: int) -> int:
        """
        Put the events of ended tasks into the outbox anew that nobody has announced for too long.

        Returns how many.
        """

    @abstractmethod
    def need_file(self, key: str) -> bool:
        """Tell whether a task that is queued or in progress needs the asset under *key*."""

    @abstractmethod
    def count_queued(self, at_most: int) -> int:
        """Count the queued tasks, but only up to *at_most*."""

    @abstractmethod
    def count_queued_of(self, user_id: UUID, at_most: int) -> int:
        """Count a user's queued tasks, but only up to *at_most*."""

    @abstractmethod
    def count_by_status(self) -> dict[str, int]:
        """Return how many tasks are queued and in progress."""
