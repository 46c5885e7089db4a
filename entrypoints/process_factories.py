# ruff: noqa: PLC0415  # so that a process loads what it uses and nothing else
"""What each process is made of, over its use cases."""

from collections.abc import Callable, Sequence
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, Protocol

from application.ports.message_inbox import MessageInbox
from application.ports.outbox_bell import OutboxBell
from domain.images.upload_policy import UploadPolicy
from entrypoints.settings import Settings

if TYPE_CHECKING:
    import falcon

    from entrypoints.consumers.consumer import Consumer
    from entrypoints.http.use_cases import HTTPUseCases


_HOURLY_SECONDS = 3600.0


class Loop(Protocol):
    """What a process does until it is told to stop."""

    last_tick: float

    def run(self) -> None:
        """Work until a signal says stop."""


def http_app(
    settings: Settings, policy: UploadPolicy, cursor_key: bytes, use_cases: "HTTPUseCases"
) -> "falcon.App[Any, Any]":
    from adapters.serialization.converter import make_converter
    from entrypoints.http.app import HTTPOptions, create_app

    return create_app(
        use_cases,
        HTTPOptions(
            make_converter(),
            policy,
            settings.base_url,
            trusted_proxies=tuple(map(ip_network, settings.http.trusted_proxies)),
            metrics_networks=tuple(map(ip_network, settings.metrics.networks)),
            allowed_origins=frozenset(settings.http.allowed_origins),
            cursor_key=cursor_key,
        ),
    )


def image_worker(
    settings: Settings,
    inbox: MessageInbox,
    process_task: Any,
    beats: Sequence[Callable[[], None]],
    stop_waiting: Callable[[], None],
    release: Callable[[], None],
) -> "Consumer":
    from entrypoints.consumers.consumer import Patience
    from entrypoints.consumers.process_images import image_worker

    def beat() -> None:
        for each in beats:
            each()

    return image_worker(
        inbox,
        process_task,
        beat,
        stop_waiting,
        release,
        concurrency=settings.worker.concurrency,
        beat_seconds=settings.tasks.beat_seconds,
        patience=Patience(drain_seconds=settings.worker.drain_seconds),
    )


def notifier(
    settings: Settings,
    inbox: MessageInbox,
    announce_outcome: Any,
    send_delivery: Any,
    send_letter: Any,
    finish_erasure: Any,
) -> "Consumer":
    from entrypoints.consumers.consumer import Patience
    from entrypoints.consumers.send_notifications import notifier

    return notifier(
        inbox,
        announce_outcome,
        send_delivery,
        send_letter,
        finish_erasure,
        concurrency=settings.notifier.concurrency,
        patience=Patience(drain_seconds=settings.worker.drain_seconds),
    )


def relay(
    settings: Settings,
    bell: OutboxBell,
    relay_outbox: Any,
    return_expired_tasks: Any,
    sweep: Any,
    measure_queues: Any,
    forget_replies: Any,
    forget_rates: Any,
    retain: Any,
) -> Loop:
    from entrypoints.consumers.relay_outbox import Chore, Relay

    rests = settings.relay
    return Relay(
        bell,
        [
            Chore(
                "relay-outbox",
                relay_outbox,
                rests.poll_seconds,
                at_a_time=relay_outbox.batch,
                on_ring=True,
            ),
            Chore("return-expired-tasks", return_expired_tasks, rests.expired_seconds),
            Chore("sweep", sweep, rests.sweep_seconds),
            Chore("measure-queues", measure_queues, rests.sweep_seconds),
            Chore(
                "forget-replies",
                forget_replies,
                _HOURLY_SECONDS,
                at_a_time=forget_replies.batch,
            ),
            Chore("forget-rates", forget_rates, _HOURLY_SECONDS, at_a_time=forget_rates.batch),
            Chore("retain", retain, _HOURLY_SECONDS, at_a_time=retain.batch),
        ],
    )
