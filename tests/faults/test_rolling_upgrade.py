"""F38: the version before and this one work side by side while the tables change under them."""

import contextlib
import os
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
import requests

from tests import pictures
from tests.running import ROOT, RunningPlatform
from tests.services import packages

BEFORE = "8cb5693"
"""The last commit whose tables are those of the first migration alone."""

SETTINGS = {
    "TOKENS_LIFETIME_SECONDS": "3600",
    "TASKS_LEASE_SECONDS": "3",
    "TASKS_BEAT_SECONDS": "0.8",
    "RELAY_EXPIRED_SECONDS": "0.5",
    "RELAY_SWEEP_SECONDS": "1",
}


@pytest.fixture
def version_before(tmp_path: Path) -> Path:
    """Its tree, which runs on this version's packages."""
    archive = subprocess.run(["git", "archive", BEFORE], cwd=ROOT, capture_output=True, timeout=60)
    if archive.returncode != 0:
        packages.not_here(f"needs the commit {BEFORE}: the history is cut, or git is missing")
    tree = tmp_path / "before"
    tarfile.open(fileobj=BytesIO(archive.stdout)).extractall(tree)
    (tree / ".venv").symlink_to(Path(sys.prefix))
    return tree


@contextlib.contextmanager
def this_versions_processes(folder: Path, port: int) -> Iterator[None]:
    """This version's migration, then its processes, beside those that run already."""
    kept = {name: text for name, text in os.environ.items() if "SAFELIGHT" not in name}
    environment = kept | {
        "SAFELIGHT_DATA_DIR": str(folder),
        "SAFELIGHT_HTTP_BIND": f"127.0.0.1:{port}",
        **{f"SAFELIGHT_{name}": value for name, value in SETTINGS.items()},
    }
    command = str(ROOT / "safelight")
    subprocess.run([command, "migrate"], env=environment, check=True, timeout=60)
    with (folder / "this.log").open("wb") as log:
        processes = [
            subprocess.Popen([command, name], env=environment, stdout=log, stderr=log)
            for name in ("api", "image-worker", "notifier", "relay")
        ]
        try:
            wait_until_ready(port)
            yield
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(60)


def wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(requests.RequestException):
            if requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200:
                return
        assert time.monotonic() < deadline, "this version is not ready"
        time.sleep(0.1)


@pytest.mark.slow
def test_two_versions_side_by_side_lose_nothing(version_before: Path, tmp_path: Path):
    photo = pictures.photo(800, 600)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    uploaded, refused = [], []
    with RunningPlatform(tmp_path / "data", program=version_before, **SETTINGS) as platform:
        stop = threading.Event()

        def upload_on_and_on() -> None:
            while not stop.is_set():
                try:
                    uploaded.append(platform.upload(photo, resize="64x64"))
                except (AssertionError, requests.RequestException) as error:
                    refused.append(error)
                time.sleep(0.1)

        client = threading.Thread(target=upload_on_and_on)
        client.start()
        time.sleep(2)
        with this_versions_processes(platform.folder, port):
            there = requests.Session()
            there.headers["Authorization"] = f"Bearer {platform.token}"
            ours = []
            for number in range(20):
                answer = there.post(
                    f"http://127.0.0.1:{port}/api/images/upload",
                    files={"image": ("a.jpg", photo)},
                    data={"processingOptions": '{"resize": "64x64", "priority": "batch"}'},
                    headers={"Idempotency-Key": f"picture-{number}"},
                    timeout=30,
                )
                assert answer.status_code == 202, answer.text
                ours.append(answer.json()["imageId"])
                time.sleep(0.1)
            stop.set()
            client.join()
            platform.wait_until_quiet()

        assert refused == []
        assert len(uploaded) > 20
        finished = platform.rows(
            "select count(*), count(distinct t.id) from tasks t join results r on r.task_id = t.id"
            " where t.status = 'completed'"
        )
        assert finished == [(len(uploaded) + len(ours),) * 2]
        for image_id in (ours[0], ours[-1], uploaded[0].image_id, uploaded[-1].image_id):
            assert pictures.size_of(platform.result(image_id)) == (64, 48)
