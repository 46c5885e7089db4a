"""
What the platform costs around the pixels: CPU per task over CPU of the same pixels alone.

The unit U is the CPU time (user and system) of `thumbnail_buffer(12 MP JPEG, 800x600)` and
`jpegsave(Q=80)` by bare pyvips in one process: one thread, caches off. Each round times U, then
the same picture through the whole running platform (upload, store, queue, process, store, tell by
webhook), all processes counted but the load generator, then U again; a round's figure is the
ratio to the mean of its two U. Ratios of different rounds may be compared, times may not.

A second U, named A/A, guards the run: if the two differ by more than 3 %, the run is void.

    python -m benchmarks.platform [--rounds 15] [--tasks 12] [--strict] [--json FILE]
"""

import argparse
import contextlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.behaviour.webhook_server import WebhookServer
from tests.pictures import photo_12mp
from tests.running import RunningPlatform

OPTIONS = {"resize": "800x600", "quality": 80}
SAMPLINGS = {"quality": "P2", "fast": "P3"}
"""U decodes with the margin of `quality`; P3 asks what the default costs beside that."""
WARM_UP_TASKS = 6
DEADLINE_SECONDS = 120.0

BARE = """
import os, resource, sys
os.environ["VIPS_CONCURRENCY"] = "1"
import pyvips
pyvips.cache_set_max(0)
data = open(sys.argv[1], "rb").read()
def one():
    picture = pyvips.Image.thumbnail_buffer(
        data, 800, height=600, size="down", option_string="fail_on=truncated"
    )
    return picture.jpegsave_buffer(Q=80, keep="icc")
for _ in range(3):
    one()
for line in sys.stdin:
    before = resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(int(line)):
        one()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(cpu / int(line), flush=True)
"""


class Bare:
    """The same pixels and nothing else, in a process of its own."""

    def __init__(self, picture: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", BARE, str(picture)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def cpu_per_task(self, tasks: int) -> float:
        """Return CPU seconds per task over *tasks* tasks."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{tasks}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)


def run_tasks(
    platform: RunningPlatform, server: WebhookServer, picture: bytes, tasks: int, sampling: str
) -> dict[str, float]:
    """Send *tasks* pictures, wait until all have been told of, return CPU seconds per task."""
    told = len(server.calls)
    before = platform.cpu_seconds()
    for _ in range(tasks):
        platform.upload(picture, **OPTIONS, sampling=sampling, notify={"webhook": server.url})
    deadline = time.monotonic() + DEADLINE_SECONDS
    while len(server.calls) < told + tasks:
        if time.monotonic() > deadline:
            raise SystemExit("tasks were not finished in time")
        time.sleep(0.01)
    time.sleep(0.15)  # the last delivery is being written down
    for call in server.calls[told:]:
        assert json.loads(call.body)["type"] == "task.completed", call.body
    after = platform.cpu_seconds()
    return {name: (after[name] - before[name]) / tasks for name in after}


def running(folder: Path, **settings: str) -> RunningPlatform:
    """Return a platform whose tokens outlive the benchmark."""
    return RunningPlatform(folder, TOKENS_LIFETIME_SECONDS="7200", **settings)


def median_and_interval(values: list[float]) -> tuple[float, float, float]:
    """Return the median and its bootstrapped 95 % interval."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(2_000))
    return statistics.median(values), medians[50], medians[-51]


def note(
    rows: dict[str, list[float]], goal: str, name: str, cpu: dict[str, float], unit: float
) -> None:
    """Add one round of one contestant to *rows*."""
    rows.setdefault(f"whole platform ({goal}){name}", []).append(sum(cpu.values()) / unit)
    if goal == "P3":
        return  # on the sampling no process depends but the worker
    rows.setdefault(f"worker alone (P5){name}", []).append(cpu["image-worker"] / unit)
    for process in ("api", "relay", "notifier", "supervisor"):
        rows.setdefault(f"  {process}{name}", []).append(cpu[process] / unit)


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--tasks", type=int, default=12, help="tasks per contestant and round")
    parser.add_argument("--strict", action="store_true", help="also with a fresh child per task")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    options = parser.parse_args()

    picture = photo_12mp()
    rows: dict[str, list[float]] = {}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="safelight-bench-")))
        source = folder / "picture.jpg"
        source.write_bytes(picture)
        bare = Bare(source)
        stack.callback(bare.close)
        server = stack.enter_context(WebhookServer())
        contestants = {"": stack.enter_context(running(folder / "reused"))}
        if options.strict:
            strict = stack.enter_context(running(folder / "strict", RENDERER_TASKS_PER_CHILD="1"))
            contestants[", fresh child per task"] = strict
        for platform in contestants.values():
            for sampling in SAMPLINGS:
                run_tasks(platform, server, picture, WARM_UP_TASKS, sampling)
        for number in range(options.rounds):
            first = bare.cpu_per_task(options.tasks)
            measured = {
                (goal, name): run_tasks(platform, server, picture, options.tasks, sampling)
                for name, platform in contestants.items()
                for sampling, goal in SAMPLINGS.items()
            }
            second = bare.cpu_per_task(options.tasks)
            rows.setdefault("A/A", []).append(second / first)
            for (goal, name), cpu in measured.items():
                note(rows, goal, name, cpu, (first + second) / 2)
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)

    print("CPU per 12 MP task over bare pyvips, embedded profile, all processes\n")
    print(f"{'':<48}{'median':>8}   95 % interval")
    figures = {}
    for name, values in rows.items():
        median, low, high = median_and_interval(values)
        figures[name.strip()] = {"median": median, "low": low, "high": high}
        print(f"{name:<48}{median:>8.3f}   {low:.3f} to {high:.3f}")
    print("\ngoals: P2 at most 1.10, P3 at most 1.05, P5 at most 1.05")
    if abs(figures["A/A"]["median"] - 1) > 0.03:
        print("VOID: the two measurements of U differ by more than 3 %; run again")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
