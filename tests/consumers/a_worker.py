"""A worker process for tests: python -m tests.consumers.a_worker <directory> <work seconds>."""

import sys
import time
from pathlib import Path

from entrypoints.consumers.consumer import Patience
from entrypoints.consumers.process_images import image_worker
from tests.consumers.inboxes import AQueue


def main(directory: Path, work_seconds: float, drain_seconds: float) -> None:
    def process_task(task_id):
        print("started", task_id, flush=True)
        time.sleep(work_seconds)
        print("finished", task_id, flush=True)

    image_worker(
        AQueue(directory).inbox(prefetch=3),
        process_task,
        lambda: print("beat", flush=True),
        lambda: print("released", flush=True),
        concurrency=2,
        beat_seconds=0.1,
        patience=Patience(drain_seconds=drain_seconds),
    ).run()
    print("left", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(float, sys.argv[2:]))
