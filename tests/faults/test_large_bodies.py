"""F33: what a large upload costs the API."""

import threading
import time
from pathlib import Path

import psutil

from tests import pictures
from tests.running import RunningPlatform


def test_f33_a_large_body_does_not_grow_the_api(tmp_path: Path):
    """200 MB go by and leave less than 32 MB in each API process."""
    limits = {"UPLOAD_MAX_BYTES": "300000000", "HTTP_WORKERS": "1"}
    # A photograph with 200 MB behind its end: what a reader would have to hold if it held the body.
    small = pictures.photo_12mp()
    body = small + bytes(200_000_000 - len(small))
    with RunningPlatform(tmp_path / "data", **limits) as platform:
        api = psutil.Process(platform.pids()["api"])
        workers = [api, *api.children(recursive=True)]
        before = {one.pid: one.memory_info().rss for one in workers}
        grown, done = [0], threading.Event()

        def watch() -> None:
            while not done.is_set():
                for one in workers:
                    grown.append(one.memory_info().rss - before[one.pid])
                time.sleep(0.01)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            uploaded = platform.upload(body, resize="100x100")
        finally:
            done.set()
            watcher.join()
        platform.wait_for_status(uploaded.task_id, "completed")

        assert len(grown) > 10, "nobody watched"
        print(f"\nF33: the API grew by at most {max(grown) / 1e6:.1f} MB")
        assert max(grown) < 32_000_000
