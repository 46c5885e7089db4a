"""What only a store across a network can do wrong; what it promises is in the contract."""

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from adapters.storage.s3 import S3ObjectStore
from adapters.storage.s3_bucket import S3Location, make_client
from application.ports.object_store import (
    Fingerprint,
    ObjectCorrupt,
    ObjectMissing,
    StorageMisconfigured,
    StorageUnavailable,
)
from tests.services.faulty_proxy import FaultyProxy, Toward
from tests.services.seaweedfs import S3Service, a_location

MIB = 1024 * 1024
TIME_LIMIT = 3.0
"""Seconds; a fifth of the real one, so that waiting for it is bearable."""
GRACE = 1.0
CONTENT = os.urandom(2 * MIB)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FINGERPRINT = Fingerprint(len(CONTENT), SHA256)
KEY = "abc/1"
SLOW_DOWN = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: 65\r\n"
    b"Connection: close\r\n\r\n"
    b"<Error><Code>SlowDown</Code><Message>Slow down.</Message></Error>"
)
INTERNAL_ERROR = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)
A_REQUEST = rb"(GET|HEAD|PUT|POST|DELETE) /"


@pytest.fixture
def location(s3_service: S3Service) -> S3Location:
    return a_location(s3_service)


@pytest.fixture
def store(location: S3Location, tmp_path: Path) -> S3ObjectStore:
    """A way to the store that nothing disturbs."""
    return S3ObjectStore(location, tmp_path / "staging")


@pytest.fixture
def proxy(s3_service: S3Service) -> Iterator[FaultyProxy]:
    with FaultyProxy(s3_service.endpoint) as proxy:
        yield proxy


@pytest.fixture
def disturbed(proxy: FaultyProxy, location: S3Location, tmp_path: Path) -> S3ObjectStore:
    """A way to the same objects through the proxy."""
    return S3ObjectStore(
        through(proxy, location),
        tmp_path / "staging",
        multipart_bytes=4 * MIB,
        part_bytes=5 * MIB,
    )


def through(proxy: FaultyProxy, location: S3Location) -> S3Location:
    return changed(location, endpoint=proxy.url, time_limit=TIME_LIMIT)


def changed(location: S3Location, **changes: Any) -> S3Location:
    return attrs.evolve(location, **changes)


def put(store: S3ObjectStore, content: bytes = CONTENT, key: str = KEY) -> None:
    with store.stage() as staged:
        staged.write(content)
        store.put(key, staged)


def read(store: S3ObjectStore, fingerprint: Fingerprint | None = None) -> bytes:
    with store.open(KEY, fingerprint) as file:
        return file.read()


def uploads(location: S3Location) -> list[Any]:
    found = make_client(location).list_multipart_uploads(
        Bucket=location.bucket, Prefix=location.prefix
    )
    return found.get("Uploads", [])


class Stopwatch:
    def __enter__(self) -> "Stopwatch":
        self._started = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.monotonic() - self._started


class TestPutting:
    def test_the_digest_stands_beside_the_object(
        self, store: S3ObjectStore, location: S3Location
    ) -> None:
        put(store)

        head = make_client(location).head_object(
            Bucket=location.bucket, Key=f"{location.prefix}/{KEY}", ChecksumMode="ENABLED"
        )
        assert head["Metadata"] == {"sha256": SHA256}
        assert head["ChecksumSHA256"]

    def test_of_writers_at_once_the_first_wins_and_nobody_fails(
        self, location: S3Location, tmp_path: Path
    ) -> None:
        stores = [S3ObjectStore(location, tmp_path / str(number)) for number in range(6)]
        contents = [bytes([number]) * 50_000 for number in range(6)]
        barrier = threading.Barrier(6)

        def race(store: S3ObjectStore, content: bytes) -> None:
            with store.stage() as staged:
                staged.write(content)
                barrier.wait()
                store.put(KEY, staged)

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(race, stores, contents))

        first = read(stores[0])
        assert first in contents
        put(stores[1], b"late")
        assert read(stores[5]) == first

    def test_what_is_damaged_on_its_way_is_sent_again(
        self, disturbed: S3ObjectStore, store: S3ObjectStore, proxy: FaultyProxy
    ) -> None:
        proxy.flip(every=MIB, toward=Toward.SERVER, times=1)

        put(disturbed)

        assert read(store) == CONTENT

    def test_what_is_damaged_every_time_is_never_visible(
        self, disturbed: S3ObjectStore, store: S3ObjectStore, proxy: FaultyProxy
    ) -> None:
        proxy.flip(every=MIB, toward=Toward.SERVER)

        with pytest.raises(StorageUnavailable):
            put(disturbed)

        assert list(store.keys()) == []

    @pytest.mark.parametrize("content", [CONTENT, CONTENT * 6], ids=["whole", "in parts"])
    def test_what_is_cut_on_its_way_is_never_visible(
        self,
        disturbed: S3ObjectStore,
        store: S3ObjectStore,
        proxy: FaultyProxy,
        location: S3Location,
        content: bytes,
    ) -> None:
        proxy.cut(after=MIB, toward=Toward.SERVER)

        with pytest.raises(StorageUnavailable):
            put(disturbed, content)

        assert list(store.keys()) == []
        proxy.heal()
        disturbed.sweep_staging(datetime.now(UTC) + timedelta(days=1))
        assert uploads(location) == []

    def test_a_cut_in_a_large_object_is_mended(
        self, disturbed: S3ObjectStore, store: S3ObjectStore, proxy: FaultyProxy
    ) -> None:
        proxy.cut(after=3 * MIB, toward=Toward.SERVER, times=1)

        put(disturbed, CONTENT * 6)

        assert read(store) == CONTENT * 6

    def test_an_upload_in_parts_that_fails_leaves_none_behind(
        self, disturbed: S3ObjectStore, proxy: FaultyProxy, location: S3Location
    ) -> None:
        proxy.answer(rb"PUT /\S+partNumber=2", SLOW_DOWN)

        with pytest.raises(StorageUnavailable):
            put(disturbed, CONTENT * 6)

        assert uploads(location) == []

    def test_a_completion_whose_answer_was_lost_is_no_failure(
        self, disturbed: S3ObjectStore, proxy: FaultyProxy, store: S3ObjectStore
    ) -> None:
        proxy.lose_answer(rb"POST /\S+uploadId=")

        put(disturbed, CONTENT * 6)

        assert proxy.connections > 1
        assert read(store) == CONTENT * 6

    def test_an_upload_in_parts_that_came_second_leaves_none_behind(
        self, disturbed: S3ObjectStore, store: S3ObjectStore, location: S3Location
    ) -> None:
        put(store, b"first")

        put(disturbed, CONTENT * 6)

        assert read(store) == b"first"
        assert uploads(location) == []

    def test_what_dead_processes_began_is_swept(
        self, store: S3ObjectStore, location: S3Location
    ) -> None:
        make_client(location).create_multipart_upload(
            Bucket=location.bucket, Key=f"{location.prefix}/dead/1"
        )

        assert store.sweep_staging(datetime.now(UTC) - timedelta(hours=1)) == 0
        assert store.sweep_staging(datetime.now(UTC) + timedelta(minutes=1)) == 1
        assert uploads(location) == []


class TestReading:
    def test_nothing_is_asked_before_the_context_is_entered(
        self, disturbed: S3ObjectStore, proxy: FaultyProxy
    ) -> None:
        disturbed.open(KEY)

        assert proxy.connections == 0

    @pytest.mark.parametrize("reset", [True, False])
    def test_a_body_cut_short_is_fetched_again(
        self, store: S3ObjectStore, disturbed: S3ObjectStore, proxy: FaultyProxy, reset: bool
    ) -> None:
        put(store)
        proxy.cut(after=MIB, reset=reset, times=2)

        assert read(disturbed) == CONTENT

    @pytest.mark.parametrize("reset", [True, False])
    def test_a_body_cut_short_every_time_is_never_read(
        self, store: S3ObjectStore, disturbed: S3ObjectStore, proxy: FaultyProxy, reset: bool
    ) -> None:
        put(store)
        proxy.cut(after=MIB, reset=reset)

        with pytest.raises(StorageUnavailable):
            read(disturbed)

    def test_a_byte_flipped_on_its_way_is_fetched_again(
        self, store: S3ObjectStore, disturbed: S3ObjectStore, proxy: FaultyProxy
    ) -> None:
        put(store)
        proxy.flip(every=MIB, times=1)

        assert read(disturbed) == CONTENT

    def test_a_byte_flipped_every_time_is_never_read(
        self, store: S3ObjectStore, disturbed: S3ObjectStore, proxy: FaultyProxy
    ) -> None:
        put(store)
        proxy.flip(every=MIB)

        with pytest.raises(ObjectCorrupt):
            read(disturbed)

    def test_an_object_altered_behind_our_back_is_corrupt(
        self, store: S3ObjectStore, location: S3Location
    ) -> None:
        altered = bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
        make_client(location).put_object(
            Bucket=location.bucket, Key=f"{location.prefix}/{KEY}", Body=altered
        )

        with pytest.raises(ObjectCorrupt):
            read(store, FINGERPRINT)


class TestPatience:
    @pytest.mark.parametrize("reply", [SLOW_DOWN, INTERNAL_ERROR], ids=["503", "500"])
    def test_a_store_that_refuses_every_third_request_is_not_noticed(
        self, disturbed: S3ObjectStore, proxy: FaultyProxy, reply: bytes
    ) -> None:
        proxy.answer(A_REQUEST, reply, every=3)

        for number in range(8):
            put(disturbed, b"bytes", f"abc/{number}")
            assert disturbed.stat(f"abc/{number}").byte_size == 5
            with disturbed.open(f"abc/{number}") as file:
                assert file.read() == b"bytes"
            disturbed.delete(f"abc/{number}")

        assert list(disturbed.keys()) == []

    def test_a_store_that_always_refuses_is_asked_five_times(
        self, disturbed: S3ObjectStore, proxy: FaultyProxy, location: S3Location, tmp_path: Path
    ) -> None:
        patient = S3ObjectStore(changed(location, endpoint=proxy.url), tmp_path)
        proxy.answer(A_REQUEST, SLOW_DOWN)

        with pytest.raises(StorageUnavailable):
            patient.delete(KEY)

        assert proxy.connections == 5

    def test_a_store_that_is_down_is_given_up_in_time(
        self, disturbed: S3ObjectStore, proxy: FaultyProxy
    ) -> None:
        proxy.down()

        with Stopwatch() as watch, pytest.raises(StorageUnavailable):
            disturbed.stat(KEY)

        assert watch.seconds < TIME_LIMIT + GRACE

    def test_a_store_that_hangs_is_given_up_in_time(
        self, disturbed: S3ObjectStore, proxy: FaultyProxy
    ) -> None:
        proxy.swallow()

        for use in (lambda: disturbed.stat(KEY), lambda: put(disturbed), lambda: read(disturbed)):
            with Stopwatch() as watch, pytest.raises(StorageUnavailable):
                use()
            assert watch.seconds < TIME_LIMIT + GRACE

    @pytest.mark.parametrize("toward", Toward)
    def test_a_body_that_stalls_is_given_up_in_time(
        self, store: S3ObjectStore, disturbed: S3ObjectStore, proxy: FaultyProxy, toward: Toward
    ) -> None:
        put(store)
        proxy.stall(after=200_000, toward=toward)

        with Stopwatch() as watch, pytest.raises(StorageUnavailable):
            if toward is Toward.CLIENT:
                read(disturbed)
            else:
                put(disturbed, CONTENT * 8, "abc/2")

        assert watch.seconds < 2 * (TIME_LIMIT + GRACE)
        assert list(store.keys()) == [KEY]

    def test_a_body_that_trickles_is_given_up(
        self, store: S3ObjectStore, disturbed: S3ObjectStore, proxy: FaultyProxy
    ) -> None:
        put(store)
        proxy.bandwidth(8_000)

        with Stopwatch() as watch, pytest.raises(StorageUnavailable):
            read(disturbed)

        # The size allows four seconds more.
        assert watch.seconds < TIME_LIMIT + 4 + 2 * GRACE


class TestMistakes:
    def test_a_wrong_key_is_named(self, location: S3Location, tmp_path: Path) -> None:
        for wrong in (changed(location, access_key="nobody"), changed(location, secret_key="x")):
            store = S3ObjectStore(wrong, tmp_path)

            with pytest.raises(StorageMisconfigured, match="check access key and secret key"):
                store.check()
            for use in (lambda: put(store), lambda: read(store), lambda: store.delete(KEY)):
                with pytest.raises(StorageMisconfigured):
                    use()
            with pytest.raises(StorageMisconfigured):
                store.stat(KEY)

    def test_a_missing_bucket_is_no_missing_object(
        self, location: S3Location, tmp_path: Path
    ) -> None:
        store = S3ObjectStore(changed(location, bucket="not-there-at-all"), tmp_path)

        for use in (
            store.check,
            lambda: put(store),
            lambda: read(store),
            lambda: store.stat(KEY),
            lambda: store.delete(KEY),
            lambda: list(store.keys()),
        ):
            with pytest.raises(StorageMisconfigured, match="'not-there-at-all'.*create it"):
                use()

    def test_no_credentials_are_named(
        self, location: S3Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        store = S3ObjectStore(changed(location, access_key=None, secret_key=None), tmp_path / "s")

        with pytest.raises(StorageMisconfigured, match="no credentials"):
            store.check()

    def test_credentials_come_from_the_environment(
        self, location: S3Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert location.access_key and location.secret_key
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", location.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", location.secret_key)

        S3ObjectStore(changed(location, access_key=None, secret_key=None), tmp_path / "s").check()

    def test_an_endpoint_that_is_no_address_is_refused_at_once(
        self, location: S3Location, tmp_path: Path
    ) -> None:
        with pytest.raises(StorageMisconfigured, match="not an address"):
            S3ObjectStore(changed(location, endpoint="not an address"), tmp_path)

    def test_a_secret_is_not_shown(self, location: S3Location) -> None:
        assert str(location.secret_key) not in repr(location)


class TestKeys:
    def test_lists_page_by_page(self, store: S3ObjectStore, location: S3Location) -> None:
        client = make_client(location)
        names = {f"{number:x}" for number in range(1_005)}
        with ThreadPoolExecutor(8) as pool:
            list(
                pool.map(
                    lambda name: client.put_object(
                        Bucket=location.bucket, Key=f"{location.prefix}/{name}", Body=b""
                    ),
                    names,
                )
            )

        assert set(store.keys()) == names

    def test_what_others_keep_in_the_bucket_is_not_ours(
        self, store: S3ObjectStore, location: S3Location, tmp_path: Path
    ) -> None:
        make_client(location).put_object(
            Bucket=location.bucket, Key=f"{location.prefix}/Read me.txt", Body=b""
        )
        neighbour = S3ObjectStore(changed(location, prefix=f"{location.prefix}x"), tmp_path / "x")
        put(neighbour, b"theirs")
        put(store, b"ours")

        assert list(store.keys()) == [KEY]
        assert read(store) == b"ours"
        neighbour.delete(KEY)
        with pytest.raises(ObjectMissing):
            neighbour.stat(KEY)


def test_the_embedded_profile_does_not_load_botocore() -> None:
    modules = "entrypoints.container, entrypoints.processes, adapters.storage.disk"
    code = f"import sys, {modules}; assert 'botocore' not in sys.modules"

    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
