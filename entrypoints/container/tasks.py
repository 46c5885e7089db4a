"""Drawing, and what customers do about it."""

from dependency_injector import providers

from application.tasks.cancel_task import CancelTask
from application.tasks.list_own_tasks import ListOwnTasks
from application.tasks.process_task import ProcessTask, RetryPolicy
from application.tasks.retry_task import RetryTask
from application.tasks.return_expired_tasks import ReturnExpiredTasks
from application.tasks.view_task import ViewTask
from entrypoints.container.room import Room, adapters, duration, settings, use_case


class TaskUseCases(Room):
    """Those of `application/tasks/`."""

    list_own_tasks = use_case(ListOwnTasks)
    view_task = use_case(ViewTask)
    cancel_task = use_case(CancelTask)
    retry_task = use_case(RetryTask)
    process_task = use_case(
        ProcessTask,
        probe=adapters.image_probe,
        memory=adapters.memory_budget,
        editor=adapters.image_editor,
        lease=duration(settings.provided.tasks.lease_seconds),
        retries=providers.Factory(
            RetryPolicy, budget=duration(settings.provided.tasks.retry_seconds)
        ),
    )
    return_expired_tasks = use_case(ReturnExpiredTasks)
