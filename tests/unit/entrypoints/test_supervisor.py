"""`safelight up`: real processes, started, lost, started again, and gone when it is over."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import requests

from entrypoints.cli.supervisor import surroundings
from entrypoints.settings import load_settings
from tests.running import ROOT, RunningPlatform

NAMES = {"api", "image-worker", "notifier", "relay"}


def family(platform: RunningPlatform) -> list[psutil.Process]:
    """Return every process of the platform, the supervisor first."""
    supervisor = psutil.Process(platform.process.pid)
    return [supervisor, *supervisor.children(recursive=True)]


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory):
    with RunningPlatform(tmp_path_factory.mktemp("supervisor") / "data") as running:
        yield running


def test_it_runs_every_process_in_a_group_of_its_own(platform: RunningPlatform) -> None:
    pids = platform.pids()

    assert pids.keys() == NAMES
    assert {os.getpgid(pid) for pid in pids.values()} == set(pids.values())


def test_every_process_s_figures_are_shown_together(platform: RunningPlatform) -> None:
    def figures() -> str:
        return requests.get(f"{platform.base}/metrics", timeout=5).text

    assert "safelight_http_requests_total{" in figures()  # the API's
    wait_until(lambda: 'safelight_queue_depth{queue="outbox"' in figures())  # the relay's


@pytest.mark.parametrize("name", ["image-worker", "api"])
def test_a_killed_process_is_started_again_and_leaves_nothing_behind(
    platform: RunningPlatform, name: str
) -> None:
    pid = platform.pids()[name]
    below = psutil.Process(pid).children(recursive=True)

    os.kill(pid, signal.SIGKILL)  # its leader alone

    platform.wait_for_restart(name, pid)
    wait_until(lambda: not any(each.is_running() for each in below))


def test_no_connection_is_refused_while_the_api_restarts(platform: RunningPlatform) -> None:
    pid = platform.kill_group("api")

    answer = requests.get(f"{platform.base}/readyz", timeout=15)

    assert answer.status_code == 200
    assert platform.wait_for_restart("api", pid) != pid


def test_a_second_one_on_the_same_data_directory_is_refused(platform: RunningPlatform) -> None:
    outcome = subprocess.run(
        [str(ROOT / "safelight"), "up"],
        env=os.environ | {"PORT": "0", "SAFELIGHT_DATA_DIR": str(platform.folder)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert outcome.returncode == 1
    assert f"process {platform.process.pid} already runs" in outcome.stderr


@pytest.mark.alone
def test_it_is_soon_ready_again_on_its_data_and_sigterm_leaves_no_process(tmp_path: Path) -> None:
    platform = RunningPlatform(tmp_path / "data")
    platform.start()
    assert platform.stop() == 0
    platform.start()
    everyone = family(platform)
    assert len(everyone) > len(NAMES)

    code = platform.stop()

    assert code == 0, platform.log()
    assert not any(each.is_running() for each in everyone)
    assert not (tmp_path / "data" / "run" / "processes.json").exists()
    # Three seconds on a machine that is not busy with other tests.
    assert platform.seconds_until_ready < 9


def test_its_own_sudden_death_takes_every_process_along(tmp_path: Path) -> None:
    platform = RunningPlatform(tmp_path / "data")
    platform.start()
    everyone = family(platform)

    platform.process.kill()
    platform.process.wait()

    gone, alive = psutil.wait_procs(everyone, timeout=10)
    for each in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    assert not alive, [each.cmdline() for each in alive]
    assert len(gone) == len(everyone)


def test_a_process_that_cannot_start_ends_everything_with_a_reason(tmp_path: Path) -> None:
    outcome = subprocess.run(
        [str(ROOT / "safelight"), "up", "--log-format", "json"],
        env=os.environ
        | {
            "PORT": "0",
            "SAFELIGHT_DATA_DIR": str(tmp_path / "data"),
            "SAFELIGHT_METRICS_BIND": "192.0.2.1:9",  # nobody's address (RFC 5737)
            "SAFELIGHT_LOG_LEVEL": "error",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert outcome.returncode == 1
    assert "Cannot assign requested address; change SAFELIGHT_METRICS_BIND" in outcome.stdout
    events = [json.loads(line) for line in outcome.stdout.splitlines() if line.startswith("{")]
    told = [event["event"] for event in events if event["process"] == "safelight"]
    assert any("ended with 1; again at once" in event for event in told)
    assert any("ended with 1; again in 2 s" in event for event in told)
    assert any("cannot be started; the lines above say why" in event for event in told)


@pytest.mark.parametrize(
    ("host", "given", "networks"),
    [
        ("127.0.0.1", {}, "127.0.0.0/8,::1/128"),
        ("127.0.0.1", {"SAFELIGHT_WEBHOOK_ALLOWED_NETWORKS": ""}, ""),
        ("0.0.0.0", {}, None),  # noqa: S104
        ("0.0.0.0", {"SAFELIGHT_WEBHOOK_ALLOWED_NETWORKS": "10.0.0.0/8"}, "10.0.0.0/8"),  # noqa: S104
    ],
)
def test_webhooks_reach_this_machine_while_nobody_else_reaches_the_api(
    tmp_path: Path, host: str, given: dict[str, str], networks: str | None
) -> None:
    settings = load_settings({"SAFELIGHT_DATA_DIR": str(tmp_path), **given})
    with socket.create_server((host, 0)) as listener:
        _, environ = surroundings(settings, given, listener, tmp_path)

    assert environ.get("SAFELIGHT_WEBHOOK_ALLOWED_NETWORKS") == networks
