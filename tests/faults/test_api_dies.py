"""F7, F8: the API is killed between two durable steps of an upload."""

from pathlib import Path

import pytest
import requests

from tests import pictures
from tests.behaviour.webhook_server import WebhookServer
from tests.faults import invariants
from tests.faults.rig import SETTINGS, times, wait_until
from tests.running import RunningPlatform

OPTIONS = '{"resize": "16x16"}'


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_f7_killed_after_the_commit(tmp_path: Path):
    """The client sees a reset; the picture is done; sent again under its key, it is the same one."""
    kills = times(100, 8)
    settings = SETTINGS | {"FAILPOINT": "upload.after_commit"}
    with WebhookServer() as sink, RunningPlatform(tmp_path / "data", **settings) as platform:
        options = f'{{"resize": "16x16", "notify": {{"webhook": "{sink.url}"}}}}'
        replies = []
        for number in range(kills):
            key = f"picture-{number}"
            with pytest.raises(requests.ConnectionError):
                platform.post_image(pictures.small_jpeg(), options, key=key)
            again = platform.post_image(pictures.small_jpeg(), options, key=key)
            assert (again.status_code, again.headers["Idempotent-Replayed"]) == (202, "true")
            replies.append(again.headers["X-Task-Id"])
        wait_until(lambda: len(sink.calls) >= kills, 120)
        platform.wait_until_quiet()

        completed = platform.rows("select id from tasks where status = 'completed'")
        assert {str(id) for (id,) in completed} == set(replies)
        assert platform.rows("select count(*) from tasks") == [(kills,)]
        assert invariants.check_notices(platform, sink) == 0
        invariants.check_results(platform)
        print(f"\nF7: kills={kills} completed={len(completed)} duplicated=0")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_f8_killed_before_the_commit(tmp_path: Path):
    """No row; what was put into the store is swept away, and nothing else is."""
    kills, kept = times(100, 8), 3
    folder = tmp_path / "data"
    with RunningPlatform(folder, **SETTINGS) as platform:
        for _ in range(kept):
            uploaded = platform.post_image(pictures.small_jpeg(), OPTIONS)
            platform.wait_for_status(uploaded.headers["X-Task-Id"], "completed")
        platform.wait_until_quiet()
    with RunningPlatform(folder, **SETTINGS, FAILPOINT="upload.after_put") as platform:
        for number in range(kills):
            with pytest.raises(requests.ConnectionError):
                platform.post_image(pictures.small_jpeg(), OPTIONS, key=f"picture-{number}")

        assert platform.rows("select count(*) from images") == [(kept,)]
        assert platform.rows("select count(*) from tasks") == [(kept,)]
        assert invariants.check_store(platform) == kills
        invariants.check_results(platform)
        print(f"\nF8: kills={kills} rows=0 strays-swept={kills} swept-wrongly=0")
