"""F31: more large pictures at once than memory would hold, drawn by two workers of one host."""

import contextlib
import io
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest
from PIL import Image

from tests.faults.beside import Beside
from tests.faults.rig import SETTINGS, WHOLE
from tests.running import RunningPlatform

MIB = 1024 * 1024
SMALL = {"resize": "800x600", "format": "jpeg"}
LIFTED = {
    "UPLOAD_MAX_FRAME_PIXELS": "120000000",
    "UPLOAD_MAX_TOTAL_PIXELS": "120000000",
    "RENDERER_WALL_SECONDS": "120",
    "RENDERER_CPU_SECONDS": "120",
}
_IDLE_REST_BYTES = 48 * MIB
"""What a renderer may keep between two tasks, of this size, above what it began with."""


def large(width: int, height: int, format: str, **options: object) -> bytes:
    """Return a soft picture, quick to encode and as costly to decode as any of its size."""
    picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


class Watched:
    """
    The renderers of some workers, looked at again and again.

    Attributes:
        peak_bytes: The most that they had together at one moment, above what they began with.
    """

    def __init__(self, *workers: int) -> None:
        self._workers = [psutil.Process(pid) for pid in workers]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak_bytes = 0

    def __enter__(self) -> "Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)

    def _watch(self) -> None:
        while not self._over.wait(0.01):
            with contextlib.suppress(psutil.NoSuchProcess):
                self.peak_bytes = max(self.peak_bytes, sum(self._grown()))

    def _grown(self) -> Iterator[int]:
        for worker in self._workers:
            for zygote in worker.children():
                idle = zygote.memory_info().rss
                for renderer in zygote.children():
                    with contextlib.suppress(psutil.NoSuchProcess):
                        yield max(0, renderer.memory_info().rss - idle)


def draw_all(
    platform: RunningPlatform, workers: Sequence[int], picture: bytes, number: int
) -> list[str]:
    """Queue a picture so many times, let the workers begin, and return the tasks when all is done."""
    for worker in workers:
        os.killpg(worker, signal.SIGSTOP)
    try:
        tasks = [platform.upload(picture, **SMALL).task_id for _ in range(number)]
        time.sleep(1)  # until the relay has rung for the last
    finally:
        for worker in workers:
            os.killpg(worker, signal.SIGCONT)
    for task in tasks:
        assert platform.wait_for_status(task, "completed", "failed", seconds=300) == "completed"
    return tasks


def waits(platform: RunningPlatform) -> list[float]:
    """Return the seconds that each attempt has waited for memory."""
    return [
        entry["stageSeconds"]["wait_for_memory"]
        for (task_id,) in platform.rows("select id from tasks")
        for entry in platform.task(task_id)["log"]
    ]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_f31_many_large_pictures_on_little_memory(tmp_path: Path):
    """Eight could be drawn at once; memory is for two or three, and nobody dies of it."""
    side, budget = (7000, 2560) if WHOLE else (2400, 256)
    picture = large(side, side, "AVIF", speed=10, quality=50)
    platform = RunningPlatform(
        tmp_path / "data",
        **SETTINGS | {"WORKER_CONCURRENCY": "4", "WORKER_MEMORY_BUDGET": f"{budget}MiB"},
    )
    with platform, Beside(platform, "image-worker") as other:
        workers = [platform.pids()["image-worker"], other.process.pid]
        with Watched(*workers) as watched:
            tasks = draw_all(platform, workers, picture, 8)
        platform.wait_until_quiet()

        waited = waits(platform)
        assert len(waited) == len(tasks)  # none was tried twice
        # Small ones may be drawn as fast as they come where the machine does other work, too.
        assert not WHOLE or sum(seconds > 0.1 for seconds in waited) >= 4
        assert platform.pids()["image-worker"] == workers[0]
        assert psutil.pid_exists(other.process.pid)
        assert watched.peak_bytes <= budget * MIB + 8 * _IDLE_REST_BYTES
        assert watched.peak_bytes <= 4 * 1024 * MIB
    print(
        f"\nF31: pictures={len(tasks)} of {side * side / 1e6:.0f} MP, budget={budget} MiB, "
        f"peak of all renderers={watched.peak_bytes / MIB:.0f} MiB, workers lost=0"
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_f31_progressive_pictures_take_their_turns(tmp_path: Path):
    """Four are queued, for two workers with two hands each: the host needs little more than for one."""
    width, height, budget = (12_000, 9_000, 1024) if WHOLE else (4_000, 3_000, 160)
    one_bytes = 6 * width * height + 20 * MIB
    picture = large(width, height, "JPEG", progressive=True, subsampling="4:4:4", quality=90)
    platform = RunningPlatform(
        tmp_path / "data",
        **SETTINGS | LIFTED | {"WORKER_CONCURRENCY": "2", "WORKER_MEMORY_BUDGET": f"{budget}MiB"},
    )
    with platform, Beside(platform, "image-worker") as other:
        workers = [platform.pids()["image-worker"], other.process.pid]
        with Watched(*workers) as alone:
            draw_all(platform, workers, picture, 1)
        with Watched(*workers) as queued:
            draw_all(platform, workers, picture, 4)

        # Four at once would need four times as much; of small ones, what hands keep counts as well.
        assert queued.peak_bytes <= (1.5 * alone.peak_bytes if WHOLE else 2.4 * one_bytes)
        assert not WHOLE or max(waits(platform)) > 0.05
    print(
        f"\nF31: 4 progressive pictures of {width * height / 1e6:.0f} MP on 2 workers took "
        f"{queued.peak_bytes / MIB:.0f} MiB, one alone {alone.peak_bytes / MIB:.0f} MiB "
        f"({queued.peak_bytes / alone.peak_bytes:.2f})"
    )
