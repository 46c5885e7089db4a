"""The image worker: every queued task to its end."""

from collections.abc import Callable
from enum import Enum
from uuid import UUID

from application.ports.message_inbox import MessageInbox
from domain.tasks.events import TaskQueued
from entrypoints.consumers.consumer import Consumer, Handler, Patience


def image_worker(
    inbox: MessageInbox,
    process_task: Callable[[UUID], Enum | None],
    beat: Callable[[], None],
    stop_waiting: Callable[[], None],
    release: Callable[[], None],
    *,
    concurrency: int,
    beat_seconds: float,
    patience: Patience,
) -> Consumer:
    """
    Return the consumer that calls *process_task* for every queued task.

    *beat* renews the leases of the tasks in hand, so *beat_seconds* is well within a lease;
    *stop_waiting* gives back those that have not begun to be drawn when a stop comes, *release*
    those that it cannot wait for. What
    can heal inside a task is the use case's to wait for: it hands the task back to the database,
    which rings again, so the message is acknowledged all the same.
    """
    return Consumer(
        inbox,
        {TaskQueued.__name__: Handler("task_id", process_task)},
        concurrency=concurrency,
        beat=beat,
        on_stop=stop_waiting,
        release=release,
        beat_seconds=beat_seconds,
        patience=patience,
    )
