"""F19, F20, F21: a store that stumbles, hangs, cuts off, forgets, or gives other bytes."""

import time
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
import requests

from adapters.storage.s3_bucket import make_client
from tests import pictures
from tests.e2e.test_engines import s3
from tests.faults import invariants
from tests.faults.engines import Engines, embedded
from tests.faults.rig import Rig, rigged, times
from tests.services.faulty_proxy import FaultyProxy, Toward
from tests.services.seaweedfs import S3Service, a_location

_BODY = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"
SLOW_DOWN = b"HTTP/1.1 503 Slow Down\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (
    len(_BODY),
    _BODY,
)
A_REQUEST = rb"(GET|HEAD|PUT|POST|DELETE) "


def on_s3(request: pytest.FixtureRequest, endpoint: str | None = None) -> Engines:
    settings = s3(request)
    if endpoint is not None:
        settings["STORAGE_ENDPOINT"] = endpoint
    return attrs.evolve(embedded(request), settings=settings)


@pytest.mark.slow
def test_f19_every_third_request_is_refused(
    s3_service: S3Service, request: pytest.FixtureRequest, tmp_path: Path
):
    """503 SlowDown; nobody outside notices."""
    with FaultyProxy(s3_service.endpoint) as proxy:
        with rigged(tmp_path, on_s3(request, proxy.url)) as rig:
            rig.history.add("fault", what="SlowDown")
            proxy.answer(A_REQUEST, SLOW_DOWN, every=3)
            rig.load(times(300, 30)).join()
            rig.platform.wait_until_quiet(120)
            proxy.heal()
            rig.verdict("F19")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_f20_slow_hung_and_cut_off(
    s3_service: S3Service, request: pytest.FixtureRequest, tmp_path: Path
):
    """Nobody waits for longer than fifteen seconds; nothing half is ever taken for whole."""
    seconds = times(60, 5)
    photo = pictures.photo(800, 600)
    with FaultyProxy(s3_service.endpoint) as proxy:
        faults: dict[str, Callable[[], None]] = {
            "1 kB/s": lambda: (
                proxy.bandwidth(1024, Toward.SERVER),
                proxy.bandwidth(1024, Toward.CLIENT),
            ),
            "reset in the body": lambda: (
                proxy.cut(after=20_000, toward=Toward.SERVER),
                proxy.cut(after=20_000, toward=Toward.CLIENT),
            ),
            "hung": lambda: proxy.stall(),
        }
        with rigged(tmp_path, on_s3(request, proxy.url)) as rig:
            load = rig.load(100_000, clients=2, photo=photo, pause=0.2)
            for number, (name, fault) in enumerate(faults.items()):
                load.wait_for(5 + 5 * number)
                rig.history.add("fault", what=name)
                fault()
                time.sleep(seconds)
                if name == "hung":
                    started = time.monotonic()
                    answer = rig.platform.post_image(photo)
                    waited = time.monotonic() - started
                    assert (answer.status_code, answer.json()["code"]) == (
                        503,
                        "storage-unavailable",
                    )
                proxy.heal()
            load.wait_for(load.acknowledged + 3)
            load.stop()
            load.join()
            # What has met with all three faults waits for up to its longest back-off.
            rig.verdict("F20", times(330, 120))
            print(f"F20: a hung store is given up after {waited:.1f} s")
            assert waited <= 16


@pytest.mark.slow
@pytest.mark.parametrize("profile", [embedded, on_s3], ids=["disk", "s3"])
def test_f21_objects_that_vanish_or_change(
    profile: Callable[[pytest.FixtureRequest], Engines],
    request: pytest.FixtureRequest,
    tmp_path: Path,
):
    """Whoever asks learns that it is gone; nobody gets another picture."""
    with rigged(tmp_path, profile(request)) as rig:
        store = invariants.adapters_of(rig.platform).adapters().object_store()
        with rig.frozen("image-worker"):
            whole, gone, changed = (
                rig.platform.upload(pictures.photo(), resize="16x16") for _ in range(3)
            )
            store.delete(key_of(rig, gone.image_id))
            flip_a_byte(rig, request, key_of(rig, changed.image_id))
        rig.platform.wait_for_status(whole.task_id, "completed")
        for uploaded, code in ((gone, "source_missing"), (changed, "source_corrupt")):
            rig.platform.wait_for_status(uploaded.task_id, "failed")
            assert rig.platform.task(uploaded.task_id)["failure"]["code"] == code

        before = rig.platform.result(whole.image_id)
        (result,) = rig.platform.rows("select file_path from results")[0]
        flip_a_byte(rig, request, result)
        assert bytes_given(rig, whole.image_id) != altered(before), "a wrong picture was given"
        store.delete(result)
        assert bytes_given(rig, whole.image_id) is None


def bytes_given(rig: Rig, image_id: str) -> bytes | None:
    """Download a result; None if that is refused, or ends before its end."""
    answer = rig.platform.get(f"/api/images/{image_id}/download")
    if answer.status_code != 200:
        return None
    try:
        answer = requests.get(answer.json()["downloadUrl"], timeout=30)
    except requests.RequestException:
        return None
    assert answer.status_code != 500, answer.text
    return answer.content if answer.status_code == 200 else None


def key_of(rig: Rig, image_id: str) -> str:
    return str(rig.platform.rows("select file_path from images where id = ?", image_id)[0][0])


def altered(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


def flip_a_byte(rig: Rig, request: pytest.FixtureRequest, key: str) -> None:
    """Change an object behind the platform's back, and leave its metadata."""
    bucket = rig.platform.environment.get("SAFELIGHT_STORAGE_BUCKET")
    if bucket is None:
        (path,) = (rig.platform.folder / "storage" / "objects").glob(f"*/{key.replace('/', '.')}")
        path.write_bytes(altered(path.read_bytes()))
        return
    service: S3Service = request.getfixturevalue("s3_service")
    prefix = rig.platform.environment["SAFELIGHT_STORAGE_PREFIX"]
    location = a_location(service, prefix=prefix)
    client, name = make_client(location), location.name_of(key)
    there = client.get_object(Bucket=bucket, Key=name)
    client.put_object(
        Bucket=bucket,
        Key=name,
        Body=altered(there["Body"].read()),
        Metadata=there["Metadata"],
    )
