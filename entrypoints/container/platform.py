"""Everything that a process may be made of."""

from typing import Any, Final

import attrs
from dependency_injector import containers, providers

from entrypoints import process_factories
from entrypoints.container.accounts import AccountUseCases
from entrypoints.container.adapters import Adapters, once
from entrypoints.container.administration import AdministrationUseCases
from entrypoints.container.images import ImageUseCases
from entrypoints.container.limits import LimitUseCases
from entrypoints.container.notifications import NotificationUseCases
from entrypoints.container.outbox import OutboxUseCases
from entrypoints.container.presets import PresetUseCases
from entrypoints.container.tasks import TaskUseCases
from entrypoints.container.workers import WorkerUseCases
from entrypoints.http.use_cases import HTTPUseCases
from entrypoints.observed import observed
from entrypoints.readiness import Readiness
from entrypoints.settings import Settings


class UseCases(
    AccountUseCases,
    AdministrationUseCases,
    ImageUseCases,
    LimitUseCases,
    NotificationUseCases,
    OutboxUseCases,
    PresetUseCases,
    TaskUseCases,
    WorkerUseCases,
):
    """Every use case."""


_INNER: Final = {"limit_requests", "stage_file"}
"""Parts of every request, or of an upload, which are watched as a whole."""


def _watched(use_case: Any, adapters: Any) -> providers.Provider[Any]:
    return providers.Factory(observed, use_case, adapters.telemetry)


def _watched_for_http(use_cases: Any, adapters: Any) -> dict[str, providers.Provider[Any]]:
    wanted = {field.name for field in attrs.fields(HTTPUseCases)} & UseCases.providers.keys()
    return {name: _watched(getattr(use_cases, name), adapters) for name in wanted - _INNER}


class Platform(containers.DeclarativeContainer):
    """Everything: adapters, use cases, and the processes over them."""

    settings = providers.Dependency(instance_of=Settings)
    adapters = providers.Container(Adapters, settings=settings)
    use_cases = providers.Container(UseCases, settings=settings, adapters=adapters)

    http_readiness = once(
        Readiness,
        providers.Dict(
            database=adapters.database.provided.ping, store=adapters.object_store.provided.check
        ),
    )
    http_use_cases = once(
        HTTPUseCases,
        limit_requests=use_cases.limit_requests,
        stage_file=use_cases.stage_file,
        ready=http_readiness.provided.require,
        metrics=adapters.telemetry.provided.exposition,
        observe_request=adapters.telemetry.provided.observe_request,
        **_watched_for_http(use_cases, adapters),
    )
    http_app = once(
        process_factories.http_app,
        settings,
        adapters.upload_policy,
        adapters.cursor_key,
        http_use_cases,
    )
    image_worker = once(
        process_factories.image_worker,
        settings,
        adapters.task_inbox,
        _watched(use_cases.process_task, adapters),
        providers.List(use_cases.process_task.provided.beat, use_cases.report_worker),
        use_cases.process_task.provided.stop_waiting,
        use_cases.process_task.provided.release,
    )
    notifier = once(
        process_factories.notifier,
        settings,
        adapters.notice_inbox,
        _watched(use_cases.announce_outcome, adapters),
        _watched(use_cases.send_delivery, adapters),
        _watched(use_cases.send_letter, adapters),
        _watched(use_cases.finish_erasure, adapters),
    )
    relay = once(
        process_factories.relay,
        settings,
        adapters.bell,
        use_cases.relay_outbox,
        _watched(use_cases.return_expired_tasks, adapters),
        use_cases.sweep,
        use_cases.measure_queues,
        use_cases.forget_replies,
        use_cases.forget_rates,
        use_cases.retain,
    )
