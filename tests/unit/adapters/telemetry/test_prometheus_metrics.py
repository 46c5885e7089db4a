"""Figures for Prometheus, of one process and of several."""

import os
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from adapters.telemetry.prometheus_metrics import PrometheusTelemetry, forget_figures

ROOT = Path(__file__).parents[4]


def samples(exposition: bytes) -> dict[tuple[str, ...], float]:
    """Return the figures by name and label values, sorted."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(exposition.decode())
        for sample in family.samples
    }


def test_everything_that_is_told_is_shown() -> None:
    telemetry = PrometheusTelemetry()

    telemetry.observe_request("GET", "/readyz", 200, 0.004)
    telemetry.count_task("completed")
    telemetry.observe_stage("edit", 0.3)
    telemetry.count_delivery("email", "delivered")
    telemetry.observe_use_case("UploadImage", "ok", 0.02)
    telemetry.set_queue_depth("tasks", "queued", 7)
    telemetry.count_dropped_log_record()

    shown = samples(telemetry.exposition())
    assert shown["safelight_http_requests_total", "/readyz", "200", "GET"] == 1
    assert shown["safelight_http_request_seconds_bucket", "/readyz", "0.005", "GET"] == 1
    assert shown["safelight_tasks_total", "completed"] == 1
    assert shown["safelight_task_stage_seconds_sum", "edit"] == 0.3
    assert shown["safelight_deliveries_total", "delivered", "email"] == 1
    assert shown["safelight_use_case_seconds_count", "UploadImage", "ok"] == 1
    assert shown["safelight_queue_depth", "queued", "tasks"] == 7
    assert shown["safelight_log_records_dropped_total",] == 1


PROCESS = """
import os, sys
from pathlib import Path
from adapters.telemetry.prometheus_metrics import PrometheusTelemetry
telemetry = PrometheusTelemetry(Path(sys.argv[1]))
telemetry.count_task("completed")
telemetry.set_queue_depth("tasks", "queued", int(sys.argv[2]))
if os.fork() == 0:
    telemetry.count_task("completed")
    os._exit(0)
os.wait()
sys.stdout.buffer.write(telemetry.exposition())
"""


def run_process(directory: Path, depth: int) -> bytes:
    return subprocess.run(
        [sys.executable, "-c", PROCESS, str(directory), str(depth)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=30,
        check=True,
    ).stdout


def test_processes_that_share_a_directory_show_each_other_s_figures(tmp_path: Path) -> None:
    run_process(tmp_path / "metrics", 3)

    shown = samples(run_process(tmp_path / "metrics", 5))

    assert shown["safelight_tasks_total", "completed"] == 4
    assert shown["safelight_queue_depth", "queued", "tasks"] == 5  # the newest, not the sum


def test_figures_of_an_earlier_run_can_be_forgotten(tmp_path: Path) -> None:
    run_process(tmp_path, 3)

    forget_figures(tmp_path)

    assert list(tmp_path.iterdir()) == []
