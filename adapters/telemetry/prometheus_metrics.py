"""
Figures for Prometheus.

Without a directory each process keeps and shows its own. With one, the processes of a machine
write theirs to files in it, and any of them shows the sum.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from application.ports.telemetry import Telemetry

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_REQUEST_SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_STAGE_SECONDS: Final = (0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600)
_DIRECTORY_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"


class PrometheusTelemetry(Telemetry):
    """
    Counts and measures; thread-safe, and safe over a fork.

    Attributes:
        directory: Shared by the processes of one machine, or None. The library chooses its way
            of counting when it is first imported, so every instance in a process has the same.
    """

    def __init__(self, directory: Path | None = None) -> None:
        if directory is not None:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.environ[_DIRECTORY_VARIABLE] = str(directory)
        # Imported here, because the environment decides what the library is, once and for all.
        from prometheus_client import (  # noqa: PLC0415
            CollectorRegistry,
            Counter,
            Gauge,
            Histogram,
            values,
        )

        shared: bool = getattr(values.ValueClass, "_multiprocess", False)
        if shared != (directory is not None):
            raise RuntimeError(
                "prometheus_client was imported before the metrics directory was set"
            )
        self._directory = directory
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "safelight_http_requests",
            "HTTP requests answered.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._request_seconds = Histogram(
            "safelight_http_request_seconds",
            "Time from the request's head to the end of its answer.",
            ("method", "route"),
            buckets=_REQUEST_SECONDS,
            registry=registry,
        )
        self._tasks = Counter(
            "safelight_tasks", "Tasks that left a worker.", ("outcome",), registry=registry
        )
        self._stage_seconds = Histogram(
            "safelight_task_stage_seconds",
            "Time that one stage of a task took.",
            ("stage",),
            buckets=_STAGE_SECONDS,
            registry=registry,
        )
        self._deliveries = Counter(
            "safelight_deliveries",
            "Attempts to tell a customer.",
            ("channel", "outcome"),
            registry=registry,
        )
        self._use_case_seconds = Histogram(
            "safelight_use_case_seconds",
            "Time that one call of a use case took.",
            ("use_case", "outcome"),
            buckets=_STAGE_SECONDS,
            registry=registry,
        )
        self._queue_depth = Gauge(
            "safelight_queue_depth",
            "How much waits, by queue and state.",
            ("queue", "state"),
            multiprocess_mode="mostrecent",
            registry=registry,
        )
        self._dropped_log_records = Counter(
            "safelight_log_records_dropped",
            "Log records that no longer fitted into the queue to Logstash.",
            registry=registry,
        )

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Record one answered HTTP request; *route* is a template, never a path with ids."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(method, route).observe(seconds)

    def count_task(self, outcome: str) -> None:  # the port says it
        self._tasks.labels(outcome).inc()

    def observe_stage(self, stage: str, seconds: float) -> None:
        self._stage_seconds.labels(stage).observe(seconds)

    def count_delivery(self, channel: str, outcome: str) -> None:
        self._deliveries.labels(channel, outcome).inc()

    def observe_use_case(self, name: str, outcome: str, seconds: float) -> None:
        self._use_case_seconds.labels(name, outcome).observe(seconds)

    def set_queue_depth(self, queue: str, state: str, count: int) -> None:
        self._queue_depth.labels(queue, state).set(count)

    def count_dropped_log_record(self) -> None:
        """Count a log record that was thrown away."""
        self._dropped_log_records.inc()

    def exposition(self) -> bytes:
        """Return every figure in Prometheus's text format (`CONTENT_TYPE`)."""
        from prometheus_client import generate_latest  # noqa: PLC0415

        return generate_latest(self._everyones())

    def _everyones(self) -> "CollectorRegistry":
        if self._directory is None:
            return self._registry
        from prometheus_client import CollectorRegistry  # noqa: PLC0415
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self._directory))  # type: ignore[no-untyped-call]
        return registry


def forget_figures(directory: Path) -> None:
    """Remove the files of processes that are no more; only while none of ours runs."""
    for file in directory.glob("*.db"):
        file.unlink(missing_ok=True)
