"""
A rehearsal, not Nomad: what the job files say is done here, by hand, on one machine.

Commands, environment, checks and signals are taken from the files; the processes are real.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from tests.deployment.nomad_jobs import JOBS, ROOT, Job, load_job, seconds
from tests.pictures import opened, photo
from tests.ports import free_port

DEV = ROOT / "nomad" / "vars" / "dev.hcl"
KEY = "a secret of more than thirty-two bytes"


def _job(name: str, machine: Path, port: int, base_url: str) -> Job:
    [path] = [path for path in JOBS if path.name == f"{name}.nomad.hcl"]
    for folder in ("alloc/tmp", "local", "secrets"):
        (machine / name / folder).mkdir(parents=True)
    runtime = {
        **{f"NOMAD_ADDR_{label}": f"127.0.0.1:{port}" for label in ("http", "health")},
        **{f"NOMAD_PORT_{label}": str(port) for label in ("http", "health")},
        **{
            f"NOMAD_{kind.upper()}_DIR": str(machine / name / kind) for kind in ("alloc", "secrets")
        },
        "NOMAD_TASK_DIR": str(machine / name / "local"),
    }
    values = {"install_dir": str(ROOT), "data_dir": str(machine / "data"), "base_url": base_url}
    return load_job(path, DEV, instead=values, runtime=runtime)


def _environment(job: Job) -> dict[str, str]:
    inherited = {name: text for name, text in os.environ.items() if "SAFELIGHT" not in name}
    secrets = {
        line.strip().partition("=")[0]: KEY for line in job.secrets.splitlines() if "={{" in line
    }
    return inherited | secrets | job.env


@contextmanager
def _running(job: Job) -> Iterator[subprocess.Popen[bytes]]:
    [config] = job.task["config"]
    process = subprocess.Popen(
        [config["command"], *config["args"]], env=_environment(job), start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _passes(check: dict[str, str], address: str) -> bool:
    try:
        answer = requests.get(f"http://{address}{check['path']}", timeout=seconds(check["timeout"]))
    except requests.RequestException:
        return False
    return answer.ok


def _until(condition, limit: float, what: str, process=None) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        assert process is None or process.poll() is None, f"{what}: the process has ended"
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    return tmp_path


def test_a_picture_goes_through_the_processes_that_the_jobs_start(machine: Path):
    names = ("relay", "notifier", "image-worker", "api")
    ports = {name: free_port() for name in names}
    base = f"http://127.0.0.1:{ports['api']}"
    jobs = {name: _job(name, machine, ports[name], base) for name in names}
    migrate = _job("migrate", machine, 0, base)
    with _running(migrate) as process:
        assert process.wait(timeout=60) == 0

    with ExitStack() as stack:
        processes = {name: stack.enter_context(_running(jobs[name])) for name in names}
        for name, job in jobs.items():
            for check in job.checks().values():
                address = f"127.0.0.1:{ports[name]}"
                limit = seconds(job.group["update"][0]["healthy_deadline"])
                what = f"{name}: {check['path']}"
                _until(lambda c=check, a=address: _passes(c, a), limit, what, processes[name])

        result = _walk(base)
        assert opened(result).size[0] == 320
        assert list((machine / "data" / "mail").glob("*.eml"))
        # What the templates gave was enough: nobody had to make keys of their own.
        assert not list((machine / "data").glob("keys/*.key"))

        for name, process in processes.items():
            process.send_signal(getattr(signal, jobs[name].task["kill_signal"]))
        for name, process in processes.items():
            assert process.wait(timeout=seconds(jobs[name].task["kill_timeout"])) == 0, name


def _walk(base: str) -> bytes:
    """Upload a picture as a customer does, wait for the mail, and return the result."""
    ada = {"username": "ada", "email": "ada@example.com", "password": "correct horse battery"}
    requests.post(f"{base}/api/auth/register", json=ada, timeout=30).raise_for_status()
    del ada["username"]
    token = requests.post(f"{base}/api/auth/login", json=ada, timeout=30).json()["token"]
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    accepted = session.post(
        f"{base}/api/images/upload",
        files={"image": ("photo.jpg", photo())},
        data={"processingOptions": '{"resize": "320x320"}'},
        timeout=30,
    )
    assert accepted.status_code == 202, accepted.text
    task = f"{base}/api/tasks/{accepted.headers['X-Task-Id']}"

    def is_told() -> bool:
        deliveries = session.get(task, timeout=30).json()["deliveries"]
        return any(delivery["status"] == "delivered" for delivery in deliveries)

    _until(is_told, 60, "nobody was told")
    image_id = accepted.json()["imageId"]
    link = session.get(f"{base}/api/images/{image_id}/download", timeout=30).json()["downloadUrl"]
    assert link.startswith(base)
    return requests.get(link, timeout=30).content
