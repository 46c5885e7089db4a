"""F17: a full disk, below the store, the database and both; nothing half is kept."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import pictures
from tests.faults import invariants
from tests.faults.engines import embedded
from tests.faults.rig import Rig, rigged, wait_until
from tests.services import packages

SIZE = 64 * 1024 * 1024

OPEN = "select count(*) from tasks where status in ('queued', 'in progress')"


@pytest.mark.slow
def test_f17_below_the_store(request: pytest.FixtureRequest, tmp_path: Path):
    """Uploads are refused, results wait, and both go on as soon as there is room."""
    photo = pictures.photo()
    with small_disk(tmp_path / "disk") as disk:
        with rigged(tmp_path, embedded(request), STORAGE_ROOT=str(disk / "storage")) as rig:
            rig.load(3).join()
            rig.platform.wait_until_quiet()
            with contextlib.ExitStack() as full:
                with rig.frozen("image-worker"):
                    rig.load(1).join()
                    before = objects(rig)
                    rig.history.add("fault", what="disk full")
                    full.enter_context(filled(disk))
                    answer = rig.platform.post_image(photo)
                    assert (answer.status_code, answer.json()["code"]) == (503, "storage-full")
                    assert "Retry-After" in answer.headers
                    assert objects(rig) == before
                    told_before = len(rig.platform.log())
                wait_until(
                    lambda: "did not succeed: storage-full" in rig.platform.log()[told_before:]
                )
                assert rig.platform.rows(OPEN) == [(1,)]
                assert objects(rig) == before
            rig.platform.wait_until_quiet()
            rig.load(1).join()
            rig.verdict("F17 store")


@pytest.mark.slow
def test_f17_below_the_database(request: pytest.FixtureRequest, tmp_path: Path):
    """Uploads are refused and leave nothing; no process ends."""
    with small_disk(tmp_path / "data") as disk:
        with rigged(tmp_path, embedded(request), STORAGE_ROOT=str(tmp_path / "storage")) as rig:
            rig.load(3).join()
            rig.platform.wait_until_quiet()
            pids, before = rig.platform.pids(), objects(rig)
            rig.history.add("fault", what="disk full")
            with filled(disk):
                answers = [rig.platform.post_image(pictures.photo()) for _ in range(3)]
                # What fits into the last free pages of its files may still be taken.
                assert answers[-1].status_code == 503, answers[-1].text
                assert answers[-1].json()["code"] == "database-unavailable"
                refused = sum(answer.status_code == 503 for answer in answers)
            rig.load(3).join()
            rig.platform.wait_until_quiet()
            assert rig.platform.pids() == pids
            assert len(objects(rig)) <= len(before) + 2 * (3 + 3 - refused)
            assert rig.platform.rows("pragma integrity_check") == [("ok",)]


def objects(rig: Rig) -> set[str]:
    return set(invariants.adapters_of(rig.platform).adapters().object_store().keys())


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of 64 MiB, in memory."""
    if sys.platform != "linux" or os.geteuid() != 0:
        packages.not_here("needs root, to mount a small disk")
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "safelight-test", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, timeout=30)
    if mounted.returncode != 0:
        packages.not_here(f"may not mount a small disk: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=30)


@contextlib.contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Take all the room that is left."""
    filler = disk / "filler"
    try:
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1024 * 1024))
        with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(512))
        yield
    finally:
        filler.unlink()
