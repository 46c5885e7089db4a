"""The processes of the platform: each is built, then runs until a signal says stop."""

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

import attrs

from application.errors import PortFailure
from entrypoints import factories
from entrypoints.container import Platform
from entrypoints.mistakes import OperatorMistake
from entrypoints.preparation import check_prepared, reach
from entrypoints.readiness import Readiness
from entrypoints.settings import Settings

if TYPE_CHECKING:
    import falcon

    from adapters.telemetry.health_server import HealthServer
    from entrypoints.consumers.consumer import Consumer
    from entrypoints.process_factories import Loop

_SILENCE_SECONDS = 30.0
"""A loop that has not turned for so long is taken for dead."""


def run_api(settings: Settings) -> None:
    """Serve the API until a signal says stop."""
    from entrypoints.http.server import Server  # noqa: PLC0415  # only the API needs gunicorn

    factories.telemetry.start_logging(settings, "api")
    check_prepared(settings)
    Server(lambda: build_http_app(settings)).run()


def build_http_app(settings: Settings) -> "falcon.App[Any, Any]":
    """Build what one of the API's server processes serves."""
    app: falcon.App[Any, Any] = _started(settings, "api").http_app()
    return app


@attrs.frozen
class Process:
    """A process without an API: its loop, and the server that answers for it."""

    loop: "Loop"
    health: "HealthServer | None"
    close: Callable[[], None]

    def run(self) -> None:
        """Work until a signal says stop."""
        with ExitStack() as stack:
            stack.callback(self.close)
            if self.health is not None:
                self.health.start()
                stack.callback(self.health.stop)
            self.loop.run()


def build_image_worker(settings: Settings) -> Process:
    """Build the image worker and start its renderers."""
    platform = _started(settings, "image-worker")
    try:
        editor = platform.adapters().image_editor()
    except PortFailure as failure:
        raise OperatorMistake(f"{failure.code}: {failure}") from failure
    loop = platform.image_worker()
    report = platform.use_cases().report_worker()

    def close() -> None:
        editor.close()
        with suppress(PortFailure):  # silence says the same a little later
            report.leave()

    return _answered_for(
        platform,
        settings,
        loop,
        close,
        store=platform.adapters().object_store().check,
        broker=lambda: _hear_of_trouble(loop),
    )


def build_notifier(settings: Settings) -> Process:
    """Build the notifier, which tells customers; it makes links, and opens no picture."""
    platform = _started(settings, "notifier")
    loop = platform.notifier()
    return _answered_for(
        platform, settings, loop, lambda: None, broker=lambda: _hear_of_trouble(loop)
    )


def build_relay(settings: Settings) -> Process:
    """Build the relay, which carries the outbox to the broker."""
    platform = _started(settings, "relay")
    publisher = platform.adapters().publisher()
    return _answered_for(
        platform,
        settings,
        platform.relay(),
        publisher.close,
        store=platform.adapters().object_store().check,
        broker=lambda: reach(publisher),
    )


def _started(settings: Settings, process: str) -> Platform:
    platform = Platform(settings=settings)
    factories.telemetry.start_logging(settings, process, platform.adapters().telemetry())
    return platform


def _hear_of_trouble(consumer: "Consumer") -> None:
    """Raise what keeps messages from coming; the consumer itself tries again and again."""
    if consumer.trouble is not None:
        raise consumer.trouble.with_traceback(None)  # or it would grow each time


def _answered_for(
    platform: Platform,
    settings: Settings,
    loop: "Loop",
    close: Callable[[], None],
    **needs: Callable[[], None],
) -> Process:
    adapters = platform.adapters()

    def is_alive() -> bool:
        return time.monotonic() - loop.last_tick < _SILENCE_SECONDS

    health = factories.telemetry.health_server(
        settings,
        adapters.telemetry(),
        is_alive=is_alive,
        missing=Readiness({"database": adapters.database().ping, **needs}).missing,
    )
    return Process(loop, health, close)
