"""A worker process for tests: python -m tests.consumers.a_worker <directory> <work seconds>."""

import sys
import time
from pathlib import Path

from entrypoints.consumers.consumer import Patience
from entrypoints.consumers.process_images import image_worker
from tests.consumers.inboxes import AQueue


def say(word: str) -> None:
    # The line and its end in one go: threads that print at a time would mix them.
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(directory: Path, work_seconds: float, drain_seconds: float) -> None:
    def process_task(task_id):
        say(f"started {task_id}")
        time.sleep(work_seconds)
        say(f"finished {task_id}")

    image_worker(
        AQueue(directory).inbox(prefetch=3),
        process_task,
        lambda: say("beat"),
        lambda: say("stops waiting"),
        lambda: say("released"),
        concurrency=2,
        beat_seconds=0.1,
        patience=Patience(drain_seconds=drain_seconds),
    ).run()
    say("left")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(float, sys.argv[2:]))
