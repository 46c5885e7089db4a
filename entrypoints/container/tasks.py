"""Drawing, and what customers do about it."""

from dependency_injector import providers

from application.tasks.cancel_task import CancelTask
from application.tasks.list_own_tasks import ListOwnTasks
from application.tasks.process_task import ProcessTask, RetryPolicy
from application.tasks.retry_task import RetryTask
from application.tasks.return_expired_tasks import ReturnExpiredTasks
from application.tasks.view_task import ViewTask
from entrypoints.container.room import Room, adapters, duration, once, settings


class TaskUseCases(Room):
    """Those of `application/tasks/`."""

    list_own_tasks = once(ListOwnTasks, database=adapters.database)
    view_task = once(ViewTask, database=adapters.database)
    cancel_task = once(CancelTask, database=adapters.database, clock=adapters.clock)
    retry_task = once(
        RetryTask,
        database=adapters.database,
        clock=adapters.clock,
        ids=adapters.ids,
        confinement=adapters.confinement,
        quotas=adapters.quotas,
    )
    process_task = once(
        ProcessTask,
        database=adapters.database,
        object_store=adapters.object_store,
        probe=adapters.image_probe,
        memory=adapters.memory_budget,
        editor=adapters.image_editor,
        clock=adapters.clock,
        telemetry=adapters.telemetry,
        failpoints=adapters.failpoints,
        lease=duration(settings.provided.tasks.lease_seconds),
        retries=providers.Factory(
            RetryPolicy, budget=duration(settings.provided.tasks.retry_seconds)
        ),
    )
    return_expired_tasks = once(
        ReturnExpiredTasks, database=adapters.database, clock=adapters.clock
    )
