# ruff: noqa: PLC0415  # so that a process loads what it uses and nothing else
"""What carries messages."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from application.ports.dead_letters import DeadLetters
from application.ports.message_inbox import MessageInbox
from application.ports.outbox_bell import OutboxBell
from entrypoints.settings import Settings

if TYPE_CHECKING:
    from adapters.messaging.kombu_publisher import KombuPublisher


def bell(settings: Settings) -> OutboxBell:
    from adapters.messaging.unix_bell import UnixBell

    return UnixBell(settings.data_dir / "run" / "outbox.bells")


def publisher(settings: Settings) -> "KombuPublisher":
    from adapters.messaging.kombu_publisher import KombuPublisher

    return KombuPublisher(settings.broker_url, _broker_options(settings))


def inbox(settings: Settings, queue: str, prefetch: int) -> MessageInbox:
    from adapters.messaging.kombu_inbox import KombuInbox

    return KombuInbox(
        settings.broker_url,
        queue,
        prefetch=prefetch,
        transport_options=_broker_options(settings),
        extend_seconds=settings.broker.lease_seconds / 4,
    )


def dead_letters(settings: Settings) -> DeadLetters:
    options = _broker_options(settings)
    match settings.broker_url.partition(":")[0]:
        case "amqp" | "amqps":
            from adapters.messaging.rabbitmq_dead_letters import RabbitMQDeadLetters

            return RabbitMQDeadLetters(settings.broker_url, options)
        case "sqs":
            from adapters.messaging.sqs_dead_letters import SqsDeadLetters

            return SqsDeadLetters(settings.broker_url, options)
        case _:
            from adapters.messaging.embedded_dead_letters import EmbeddedDeadLetters

            return EmbeddedDeadLetters(settings.broker_url, options)


def _broker_options(settings: Settings) -> Mapping[str, Any]:
    broker = settings.broker
    if settings.broker_url.startswith("embedded:"):
        return {"lease_seconds": broker.lease_seconds}
    if broker.sqs_queues is None:
        return {}
    from adapters.messaging import sqs_transport

    return sqs_transport.options(
        sqs_transport.urls_under(broker.sqs_queues),
        region=broker.sqs_region,
        is_secure=broker.sqs_queues.startswith("https:"),
        lease_seconds=broker.lease_seconds,
    )
