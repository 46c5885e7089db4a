"""What workers say of themselves."""

from dependency_injector import providers

from application.workers.report_worker import ReportWorker
from application.workers.tell_abilities import TellAbilities
from entrypoints import factories
from entrypoints.container.room import Room, adapters, duration, settings, use_case


class WorkerUseCases(Room):
    """Those of `application/workers/`."""

    tell_abilities = use_case(
        TellAbilities, silence=duration(settings.provided.tasks.lease_seconds)
    )
    report_worker = use_case(
        ReportWorker,
        worker=providers.Factory(
            factories.imaging.this_worker, adapters.ids, adapters.image_editor.provided.abilities
        ),
    )
