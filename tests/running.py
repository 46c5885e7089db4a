"""
A whole platform, started as a user starts it: `safelight up`, its real processes, a folder.

Used by the end-to-end tests, the fault tests and the benchmarks.
"""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self

import attrs
import psutil
import psycopg
import requests

from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "password123"
READY_SECONDS = 60.0


@attrs.frozen
class Uploaded:
    """What the platform promised."""

    image_id: str
    task_id: str


class RunningPlatform:
    """
    A platform on the embedded profile, listening on a free port of loopback.

    Args:
        folder: Its data folder; may hold the data of an earlier run.
        program: The folder of the program, for another version than this one.
        settings: Variables without their prefix: `UPLOAD_MAX_BYTES="300000000"`.
    """

    def __init__(self, folder: Path, *, program: Path = ROOT, **settings: str) -> None:
        self.folder = folder
        self._program = program
        self.log_path = folder.parent / f"{folder.name}.log"
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith("SAFELIGHT_")
        }
        self._environment = kept | {
            # Or `python -m` would find this version's code, where the tests are started.
            "PYTHONSAFEPATH": "1",
            "SAFELIGHT_DATA_DIR": str(folder),
            **{f"SAFELIGHT_{name}": value for name, value in settings.items()},
        }
        self.token = ""
        self.port = 0
        self.seconds_until_ready = 0.0

    def __enter__(self) -> Self:
        self.start()
        self.token = self.sign_up("tester")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the platform and wait until it is ready."""
        started = time.monotonic()
        self.port = free_port()
        with contextlib.suppress(FileNotFoundError):
            self._run_file.unlink()
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [str(self._program / "safelight"), "up", "--log-format", "json"],
                env=self._environment | {"PORT": str(self.port)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while not self._is_ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the platform ended:\n{self.log()[-3000:]}")
            if time.monotonic() - started > READY_SECONDS:
                self.stop()
                raise AssertionError(f"the platform is not ready:\n{self.log()[-3000:]}")
            time.sleep(0.02)
        self.seconds_until_ready = time.monotonic() - started

    def stop(self) -> int:
        """Stop the platform as Ctrl-C does, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What another of its processes has to know."""
        return self._environment | {"SAFELIGHT_HTTP_BASE_URL": self.base}

    def log(self) -> str:
        """Everything it has logged."""
        return self.log_path.read_text(errors="replace")

    def pids(self) -> dict[str, int]:
        """The process id of each of its processes, by name; each leads a process group."""
        pids: dict[str, int] = json.loads(self._run_file.read_text())
        del pids["safelight"]
        return pids

    def kill_group(self, name: str) -> int:
        """SIGKILL a process with everything it has started; return its id."""
        pid = self.pids()[name]
        os.killpg(pid, signal.SIGKILL)
        return pid

    def wait_for_restart(self, name: str, old_pid: int, seconds: float = 20.0) -> int:
        """Wait until another process has taken the place of *old_pid*."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError):
                pid = self.pids()[name]
                if pid != old_pid and psutil.pid_exists(pid):
                    return pid
            time.sleep(0.02)
        raise AssertionError(f"{name} was not restarted:\n{self.log()[-3000:]}")

    def sign_up(self, name: str) -> str:
        """Open an account and return an access token."""
        person = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        requests.post(f"{self.base}/api/auth/register", json=person, timeout=30)
        return self.sign_in(name)

    def sign_in(self, name: str) -> str:
        """Return an access token of an account."""
        pair = {"email": f"{name}@example.com", "password": PASSWORD}
        answer = requests.post(f"{self.base}/api/auth/login", json=pair, timeout=30)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def post_image(
        self,
        content: Any,
        options: str | None = None,
        *,
        key: str | None = None,
        name: str = "picture.jpg",
        base: str | None = None,
        **parts: tuple[str, bytes],
    ) -> requests.Response:
        """Send an upload, one connection a request, and return whatever is answered; by *base*."""
        files: dict[str, Any] = {"image": (name, content), **parts}
        data = {} if options is None else {"processingOptions": options}
        return requests.post(
            f"{base or self.base}/api/images/upload",
            files=files,
            data=data,
            headers={"Authorization": f"Bearer {self.token}", "Connection": "close"}
            | ({} if key is None else {"Idempotency-Key": key}),
            timeout=60,
        )

    def upload(self, content: bytes, **options: Any) -> Uploaded:
        """Upload a picture that has to be accepted."""
        answer = self.post_image(content, json.dumps(options))
        assert answer.status_code == 202, answer.text
        return Uploaded(answer.json()["imageId"], answer.headers["X-Task-Id"])

    def get(self, path: str) -> requests.Response:
        """Ask for something with the token."""
        return requests.get(
            self.base + path, headers={"Authorization": f"Bearer {self.token}"}, timeout=30
        )

    def task(self, task_id: str) -> dict[str, Any]:
        """Return a task as the API shows it."""
        answer = self.get(f"/api/tasks/{task_id}")
        assert answer.status_code == 200, answer.text
        task: dict[str, Any] = answer.json()
        return task

    def wait_for_status(self, task_id: str, *statuses: str, seconds: float = 30.0) -> str:
        """Wait until a task has one of *statuses*, and return which."""
        deadline = time.monotonic() + seconds
        status = ""
        while time.monotonic() < deadline:
            status = self.task(task_id)["status"]
            if status in statuses:
                return status
            time.sleep(0.02)
        raise AssertionError(f"{task_id} is {status!r} after {seconds} s:\n{self.log()[-3000:]}")

    def result(self, image_id: str) -> bytes:
        """Download a result, through its link and without the token."""
        link = self.get(f"/api/images/{image_id}/download").json()["downloadUrl"]
        answer = requests.get(link, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.content

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the platform's own database, beside the running platform."""
        url = self._environment.get("SAFELIGHT_DATABASE_URL")
        if url is not None:
            with psycopg.connect(url, connect_timeout=10) as server:
                return server.execute(query.replace("?", "%s"), values or None).fetchall()
        with contextlib.closing(
            sqlite3.connect(
                f"file:{self.folder / 'safelight.sqlite'}?mode=ro", uri=True, timeout=10
            )
        ) as connection:
            return connection.execute(query, values).fetchall()

    def wait_until_quiet(self, seconds: float = 60.0) -> None:
        """Wait until no task is open, no delivery pending and the outbox empty."""
        query = """
            select (select count(*) from tasks where status in ('queued', 'in progress'))
                 + (select count(*) from outbox)
                 + (select count(*) from deliveries where status = 'pending')
        """
        deadline = time.monotonic() + seconds
        while self.rows(query) != [(0,)]:
            if time.monotonic() > deadline:
                raise AssertionError(f"something is left over:\n{self.log()[-3000:]}")
            time.sleep(0.05)

    def cpu_seconds(self) -> dict[str, float]:
        """Return CPU seconds so far, of the supervisor and of each process with all below it."""
        totals = {"supervisor": _cpu(psutil.Process(self.process.pid), with_reaped=False)}
        for name, pid in self.pids().items():
            process = psutil.Process(pid)
            below = process.children(recursive=True)
            totals[name] = sum(_cpu(one, with_reaped=True) for one in (process, *below))
        return totals

    @property
    def _run_file(self) -> Path:
        return self.folder / "run" / "processes.json"

    def _is_ready(self) -> bool:
        with contextlib.suppress(OSError):
            connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == 200
            finally:
                connection.close()
        return False


def _cpu(process: psutil.Process, *, with_reaped: bool) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    own = times.user + times.system
    return float(own + times.children_user + times.children_system if with_reaped else own)
