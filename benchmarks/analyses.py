"""
What an analysis costs: CPU of a task that is asked about its picture, over CPU of one that is not.

Each round draws the same picture of 12 megapixels, to 800x600 or without making it smaller first,
asked nothing, all, and each aspect alone, in random order and in this process, so that all CPU
(user and system) is counted. A round's figure is the ratio to the mean of its two plain tasks;
told are the medians. If the two plain ones differ by more than 3 % in the median, the run is void.

    python -m benchmarks.analyses [--rounds 15] [--tasks 5]
"""

import argparse
import os
import random
import resource
import statistics
import sys
import tempfile
from typing import Final

import attrs
import pyvips

from adapters.imaging.vips_drawing import draw
from adapters.imaging.vips_marks import MarkCache
from domain.images.analysis import Aspect
from domain.images.operations import AutoOrient, Crop, Operation, Resize
from domain.images.pipeline import Pipeline
from domain.images.upload_policy import UploadPolicy
from tests.pictures import photo_12mp

NOISE: Final = 0.03
PLAIN: Final = ("nothing", "A/A")
ASKED: Final[dict[str, frozenset[Aspect]]] = {
    **dict.fromkeys(PLAIN, frozenset()),
    "all": frozenset(Aspect),
    **{aspect.value: frozenset({aspect}) for aspect in Aspect},
}
OPERATIONS: Final[dict[str, tuple[Operation, ...]]] = {
    "resize to 800x600": (AutoOrient(), Resize(800, 600)),
    "crop of 800x600": (AutoOrient(), Crop(width=800, height=600)),
}


def main() -> None:
    """Measure and tell; end with 1 if the run is void."""
    parser = argparse.ArgumentParser(prog="benchmarks.analyses")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--tasks", type=int, default=5)
    options = parser.parse_args()
    if os.environ.get("VIPS_CONCURRENCY") != "1":
        os.environ["VIPS_CONCURRENCY"] = "1"  # as in a renderer; libvips reads it at its start
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.analyses", *sys.argv[1:]])
    pyvips.cache_set_max(0)
    is_void = False
    for name, operations in OPERATIONS.items():
        rounds = [measured(operations, options.tasks) for _ in range(options.rounds + 1)][1:]
        ratios = {
            asked: statistics.median(one[asked] / plain_of(one) for one in rounds)
            for asked in ASKED
        }
        plain = statistics.median(map(plain_of, rounds))
        print(f"{name}: {1000 * plain:.1f} ms of CPU without")
        for asked, ratio in ratios.items():
            print(f"    {asked:16} {ratio:6.3f}")
        is_void |= abs(ratios[PLAIN[0]] - ratios[PLAIN[1]]) > NOISE
    if is_void:
        print("void: two of the same differ by more than 3 %")
        sys.exit(1)


def measured(operations: tuple[Operation, ...], tasks: int) -> dict[str, float]:
    """Return CPU seconds per task of one round, by what is asked."""
    pipeline = Pipeline(operations)
    kinds = list(ASKED)
    random.shuffle(kinds)
    return {
        kind: cpu_of(attrs.evolve(pipeline, analyze=ASKED[kind]), tasks) / tasks for kind in kinds
    }


def plain_of(seconds: dict[str, float]) -> float:
    """Return what a task costs that is asked nothing."""
    return statistics.mean(seconds[kind] for kind in PLAIN)


def cpu_of(pipeline: Pipeline, tasks: int) -> float:
    """Return CPU seconds of drawing *pipeline* that often."""
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(photo_12mp())
        source.flush()
        before = resource.getrusage(resource.RUSAGE_SELF)
        for _ in range(tasks):
            target.truncate(0)
            target.seek(0)
            draw(
                pipeline,
                source.fileno(),
                [target.fileno()],
                {},
                UploadPolicy(),
                MarkCache(),
                lambda _: None,
            )
        after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
