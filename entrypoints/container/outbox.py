"""What was promised in a transaction and is sent after it."""

from application.outbox.forget_replies import ForgetReplies
from application.outbox.measure_queues import MeasureQueues
from application.outbox.relay_outbox import RelayOutbox
from application.outbox.sweep import Sweep
from entrypoints.container.room import Room, duration, settings, use_case


class OutboxUseCases(Room):
    """Those of `application/outbox/`."""

    relay_outbox = use_case(RelayOutbox, lease=duration(settings.provided.relay.lease_seconds))
    sweep = use_case(
        Sweep,
        patience=duration(settings.provided.relay.patience_seconds),
        delivery_lease=duration(settings.provided.notifier.lease_seconds),
    )
    forget_replies = use_case(ForgetReplies)
    measure_queues = use_case(MeasureQueues)
