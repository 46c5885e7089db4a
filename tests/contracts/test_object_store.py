"""What every object store promises."""

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from adapters.storage.disk import DiskObjectStore
from adapters.storage.s3 import S3ObjectStore
from application.ports.object_store import Fingerprint, ObjectCorrupt, ObjectMissing, ObjectStore
from tests.services.seaweedfs import a_location

STORES: dict[str, Callable[[pytest.FixtureRequest, Path], ObjectStore]] = {
    "disk": lambda _, folder: DiskObjectStore(folder / "store"),
    "s3": lambda request, folder: S3ObjectStore(
        a_location(request.getfixturevalue("s3_service")), folder / "staging"
    ),
    "s3-in-parts": lambda request, folder: S3ObjectStore(
        a_location(request.getfixturevalue("s3_service")),
        folder / "staging",
        multipart_bytes=50_000,
        part_bytes=5 * 1024 * 1024,
    ),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return STORES[request.param](request, tmp_path)


def fingerprint_of(content: bytes) -> Fingerprint:
    return Fingerprint(len(content), hashlib.sha256(content).hexdigest())


def a_key() -> str:
    return f"{uuid4()}/1"


def put(store: ObjectStore, key: str, content: bytes) -> None:
    with store.stage() as staged:
        staged.write(content)
        store.put(key, staged)


def read(store: ObjectStore, key: str) -> bytes:
    with store.open(key) as file:
        return file.read()


class TestObjectStore:
    def test_gives_back_what_was_put(self, store: ObjectStore) -> None:
        key, content = a_key(), os.urandom(300_000)

        put(store, key, content)

        assert read(store, key) == content
        assert store.stat(key).byte_size == len(content)

    def test_tells_when_an_object_was_put(self, store: ObjectStore) -> None:
        key = a_key()
        put(store, key, b"now")

        stored_at = store.stat(key).stored_at

        assert abs(datetime.now(UTC) - stored_at) < timedelta(minutes=1)

    def test_what_is_being_staged_survives_a_sweep(self, store: ObjectStore) -> None:
        key = a_key()

        with store.stage() as staged:
            staged.write(b"slow")
            assert store.sweep_staging(datetime.now(UTC) - timedelta(hours=24)) == 0
            store.put(key, staged)

        assert read(store, key) == b"slow"

    def test_takes_chunks_of_every_kind_in_their_order(self, store: ObjectStore) -> None:
        key = a_key()

        with store.stage() as staged:
            for chunk in (b"one ", bytearray(b"two "), memoryview(b"three"), b""):
                staged.write(chunk)
            store.put(key, staged)

        assert read(store, key) == b"one two three"

    def test_keeps_an_empty_object(self, store: ObjectStore) -> None:
        key = a_key()

        put(store, key, b"")

        assert store.stat(key).byte_size == 0

    def test_what_is_staged_can_be_read_by_nobody_else(self, store: ObjectStore) -> None:
        key = a_key()

        with store.stage() as staged:
            staged.write(b"half")

            assert list(store.keys()) == []
            with pytest.raises(ObjectMissing):
                store.stat(key)

    def test_what_is_not_put_is_discarded(self, store: ObjectStore) -> None:
        with pytest.raises(ZeroDivisionError), store.stage() as staged:
            staged.write(b"never")
            raise ZeroDivisionError

        assert list(store.keys()) == []

    def test_a_staged_file_can_be_read_back_and_has_a_descriptor(self, store: ObjectStore) -> None:
        with store.stage() as staged:
            staged.write(b"header and body")
            staged.file.seek(0)

            assert staged.file.read(6) == b"header"
            assert os.pread(staged.file.fileno(), 4, 11) == b"body"

    def test_an_object_opens_at_its_start_with_a_descriptor(self, store: ObjectStore) -> None:
        key = a_key()
        put(store, key, b"0123456789")

        with store.open(key) as file:
            assert file.tell() == 0
            assert os.pread(file.fileno(), 3, 4) == b"456"
            file.seek(7)
            assert file.read() == b"789"

    def test_the_object_that_was_first_stays(self, store: ObjectStore) -> None:
        key = a_key()

        put(store, key, b"first")
        put(store, key, b"second")

        assert read(store, key) == b"first"

    def test_of_many_puts_to_one_key_one_is_kept_whole(self, store: ObjectStore) -> None:
        key = a_key()
        contents = [bytes([number]) * 70_000 for number in range(16)]

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda content: put(store, key, content), contents))

        assert read(store, key) in contents
        assert list(store.keys()) == [key]

    def test_a_missing_object_is_said_to_be_missing(self, store: ObjectStore) -> None:
        with pytest.raises(ObjectMissing), store.open(a_key()):
            pass
        with pytest.raises(ObjectMissing):
            store.stat(a_key())

    def test_an_object_that_has_its_fingerprint_opens(self, store: ObjectStore) -> None:
        key, content = a_key(), os.urandom(100_000)
        put(store, key, content)

        with store.open(key, fingerprint_of(content)) as file:
            assert file.tell() == 0
            assert file.read() == content

    def test_an_object_of_another_size_is_said_to_be_corrupt(self, store: ObjectStore) -> None:
        key, content = a_key(), os.urandom(100_000)
        put(store, key, content[:-1])

        with pytest.raises(ObjectCorrupt), store.open(key, fingerprint_of(content)):
            pass

    def test_deleting_twice_is_no_error(self, store: ObjectStore) -> None:
        key = a_key()
        put(store, key, b"bytes")

        store.delete(key)
        store.delete(key)

        with pytest.raises(ObjectMissing):
            store.stat(key)

    def test_an_object_that_is_open_can_be_read_to_its_end_though_deleted(
        self, store: ObjectStore
    ) -> None:
        key = a_key()
        put(store, key, b"bytes")

        with store.open(key) as file:
            store.delete(key)

            assert file.read() == b"bytes"

    def test_lists_every_key(self, store: ObjectStore) -> None:
        keys = {a_key() for _ in range(20)} | {"0", "abc/0/1-2"}
        for key in keys:
            put(store, key, key.encode())

        assert set(store.keys()) == keys

    @pytest.mark.parametrize(
        "key",
        [
            "",
            "/",
            "..",
            "../a",
            "a/../b",
            "/etc/passwd",
            "a//b",
            "a/",
            "A",
            "x",
            "a.b",
            "a\n",
            "a\0",
        ]
        + ["٣", "a" * 256],
    )
    def test_refuses_what_is_no_key(self, store: ObjectStore, key: str) -> None:
        for use in (store.open, store.stat, store.delete):
            with pytest.raises(ValueError):
                use(key)
        with pytest.raises(ValueError):
            put(store, key, b"bytes")
