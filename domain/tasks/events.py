"""What happened to a task, told in ids; whoever hears it reloads the rest."""

from uuid import UUID

import attrs


@attrs.frozen
class TaskQueued:
    """The task waits for a worker."""

    task_id: UUID


@attrs.frozen
class TaskCompleted:
    """The task's results can be downloaded."""

    task_id: UUID


@attrs.frozen
class TaskFailed:
    """The task ended without a result; its row says why."""

    task_id: UUID


TaskEvent = TaskQueued | TaskCompleted | TaskFailed
