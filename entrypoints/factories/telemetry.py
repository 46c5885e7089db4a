# ruff: noqa: PLC0415  # so that a process loads what it uses and nothing else
"""Logs and figures."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from entrypoints.mistakes import OperatorMistake
from entrypoints.settings import Settings

if TYPE_CHECKING:
    from adapters.telemetry.health_server import HealthServer
    from adapters.telemetry.prometheus_metrics import PrometheusTelemetry


def telemetry(settings: Settings) -> "PrometheusTelemetry":
    from adapters.telemetry.prometheus_metrics import PrometheusTelemetry

    return PrometheusTelemetry(settings.metrics.dir)


def start_logging(
    settings: Settings, process: str, telemetry: "PrometheusTelemetry | None" = None
) -> None:
    """Send this process's log to the standard output, and with *telemetry* to Logstash if set."""
    from adapters.telemetry.structured_logging import configure_logging

    forwarder = None
    if telemetry is not None and settings.logstash.host is not None:
        from adapters.telemetry.logstash_logging import LogstashForwarder

        forwarder = LogstashForwarder(
            settings.logstash.host,
            settings.logstash.port,
            on_drop=telemetry.count_dropped_log_record,
        )
    configure_logging(
        process, level=settings.log.level, style=settings.log.format, copy_to=forwarder
    )


def forget_figures(settings: Settings) -> None:
    """Empty the metrics directory; only while no process of ours runs."""
    from adapters.telemetry import prometheus_metrics

    if settings.metrics.dir is not None:
        prometheus_metrics.forget_figures(settings.metrics.dir)


def health_server(
    settings: Settings,
    telemetry: "PrometheusTelemetry",
    *,
    is_alive: Callable[[], bool],
    missing: Callable[[], Mapping[str, str]],
) -> "HealthServer | None":
    """Return what answers for a process that has no API, listening already; None if not wanted."""
    from adapters.telemetry.health_server import HealthServer

    if settings.metrics.bind is None:
        return None
    try:
        return HealthServer(
            settings.metrics.bind,
            metrics=telemetry.exposition,
            is_alive=is_alive,
            missing=missing,
        )
    except OSError as error:
        raise OperatorMistake(
            f"cannot listen on {settings.metrics.bind}: {error.strerror}; "
            "change SAFELIGHT_METRICS_BIND"
        ) from error
