"""What workers say of themselves."""

from dependency_injector import providers

from application.workers.report_worker import ReportWorker
from application.workers.tell_abilities import TellAbilities
from entrypoints import factories
from entrypoints.container.room import Room, adapters, duration, once, settings


class WorkerUseCases(Room):
    """Those of `application/workers/`."""

    tell_abilities = once(
        TellAbilities,
        database=adapters.database,
        silence=duration(settings.provided.tasks.lease_seconds),
    )
    report_worker = once(
        ReportWorker,
        database=adapters.database,
        worker=providers.Factory(
            factories.imaging.this_worker, adapters.ids, adapters.image_editor.provided.abilities
        ),
    )
