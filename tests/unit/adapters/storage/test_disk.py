"""What only files can do wrong."""

import hashlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.storage.disk import DiskObjectStore, DiskStagedObject
from adapters.storage.shipped_assets import shipped_assets
from application.ports.object_store import (
    Fingerprint,
    ObjectCorrupt,
    StorageFull,
    StorageUnavailable,
)


def in_another_process(work: Callable[[], object]) -> int:
    """Fork, run *work*, never return from it; return the process id."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class TestDiskObjectStore:
    def test_a_process_killed_while_staging_leaves_no_object_and_no_file(
        self, tmp_path: Path
    ) -> None:
        store = DiskObjectStore(tmp_path)

        def stage_and_die() -> None:
            with store.stage() as staged:
                staged.write(b"half a pict")
                die()

        os.waitpid(in_another_process(stage_and_die), 0)
        assert len(list((tmp_path / "staging").iterdir())) == 1

        assert list(DiskObjectStore(tmp_path).keys()) == []
        assert list((tmp_path / "staging").iterdir()) == []

    def test_a_process_killed_right_after_a_put_leaves_the_object(self, tmp_path: Path) -> None:
        store = DiskObjectStore(tmp_path)

        def put_and_die() -> None:
            with store.stage() as staged:
                staged.write(b"whole")
                store.put("a/1", staged)
                die()

        os.waitpid(in_another_process(put_and_die), 0)

        assert store.sweep_staging() == 1
        with store.open("a/1") as file:
            assert file.read() == b"whole"

    def test_a_sweep_leaves_alone_what_is_being_written(self, tmp_path: Path) -> None:
        store = DiskObjectStore(tmp_path)

        with store.stage() as staged:
            staged.write(b"slow ")
            assert DiskObjectStore(tmp_path).sweep_staging() == 0
            staged.write(b"upload")
            store.put("a/1", staged)

        assert store.stat("a/1").byte_size == 11

    def test_whatever_is_visible_is_whole_though_writers_are_killed(self, tmp_path: Path) -> None:
        store = DiskObjectStore(tmp_path)

        def write_for_ever() -> None:
            while True:
                content = os.urandom(200_000)
                with store.stage() as staged:
                    for start in range(0, len(content), 20_000):
                        staged.write(content[start : start + 20_000])
                    store.put(hashlib.sha256(content).hexdigest(), staged)

        for _ in range(3):
            writers = [in_another_process(write_for_ever) for _ in range(3)]
            time.sleep(0.1)
            DiskObjectStore(tmp_path)  # sweeps meanwhile
            for writer in writers:
                os.kill(writer, signal.SIGKILL)
                os.waitpid(writer, 0)

        keys = list(store.keys())
        assert keys
        for key in keys:
            with store.open(key) as file:
                assert hashlib.sha256(file.read()).hexdigest() == key

    def test_an_object_altered_behind_our_back_is_corrupt(self, tmp_path: Path) -> None:
        store = DiskObjectStore(tmp_path)
        content = os.urandom(100_000)
        with store.stage() as staged:
            staged.write(content)
            store.put("a/1", staged)
        fingerprint = Fingerprint(len(content), hashlib.sha256(content).hexdigest())
        (path,) = (tmp_path / "objects").glob("*/a.1")

        with path.open("r+b") as file:
            file.write(bytes([content[0] ^ 1]))

        with pytest.raises(ObjectCorrupt):
            store.open("a/1", fingerprint)

    def test_a_full_disk_is_named_as_such(self) -> None:
        with open("/dev/full", "r+b", buffering=0) as file:
            staged = DiskStagedObject(file, Path("/dev/full"))

            with pytest.raises(StorageFull):
                staged.write(b"bytes")

    def test_a_directory_that_cannot_be_used_is_refused_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()

        with pytest.raises(StorageUnavailable):
            DiskObjectStore(tmp_path / "file" / "store")

    def test_a_store_whose_directory_vanishes_says_so(self, tmp_path: Path) -> None:
        store = DiskObjectStore(tmp_path / "store")
        (tmp_path / "store").rename(tmp_path / "gone")

        with pytest.raises(StorageUnavailable), store.stage():
            pass
        with pytest.raises(StorageUnavailable):
            list(store.keys())

    def test_nobody_else_may_read_the_files(self, tmp_path: Path) -> None:
        store = DiskObjectStore(tmp_path / "store")

        with store.stage() as staged:
            store.put("a", staged)

        assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700
        (path,) = (path for path in (tmp_path / "store").rglob("*") if path.is_file())
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_logo_ships_with_the_product() -> None:
    logo = shipped_assets()["logo.png"]

    assert logo.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(logo) <= 6_000
