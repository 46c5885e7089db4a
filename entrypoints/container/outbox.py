"""What was promised in a transaction and is sent after it."""

from application.outbox.forget_replies import ForgetReplies
from application.outbox.measure_queues import MeasureQueues
from application.outbox.relay_outbox import RelayOutbox
from application.outbox.sweep import Sweep
from entrypoints.container.room import Room, adapters, duration, once, settings


class OutboxUseCases(Room):
    """Those of `application/outbox/`."""

    relay_outbox = once(
        RelayOutbox,
        database=adapters.database,
        publisher=adapters.publisher,
        failpoints=adapters.failpoints,
        lease=duration(settings.provided.relay.lease_seconds),
    )
    sweep = once(
        Sweep,
        database=adapters.database,
        clock=adapters.clock,
        patience=duration(settings.provided.relay.patience_seconds),
        delivery_lease=duration(settings.provided.notifier.lease_seconds),
    )
    forget_replies = once(ForgetReplies, database=adapters.database)
    measure_queues = once(MeasureQueues, database=adapters.database, telemetry=adapters.telemetry)
