"""
What grows: CPU per call on the rows that there are and on the tasks that wait.

Databases of five sizes each are filled, from 10,000 to 1,000,000 images and from 0 to 100,000
queued tasks with a message each, and asked what the product asks. A figure is the CPU of this
process and of the whole database server, user and system, for one call.

In each round every question is asked of all sizes, close together and in random order, and a
figure is divided by the round's mean over the sizes, so that rounds may be compared on a machine
that others use. Through the medians goes a line in logarithmic scales; its slope is the exponent:
0 is flat, 1 is in proportion. A question passes if the worse end of the exponent's bootstrapped
95 % interval is at most 0.10; the goal is a median of at most 0.05. What stops working harder from
some size on, as a sweep that takes 100, is judged from there on. Of what a process asks by the
clock and not by the call, the share of a core is judged: at most 2 %, the goal is 1 %.

The question A/A asks about nothing: if its exponent is beyond ±0.03, the run is void.

    python -m benchmarks.grow [--engine sqlite] [--rounds 9] [--images 1000000] [--tasks 100000]
"""

import argparse
import json
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs

from benchmarks.grounds import Ground, PostgresGround, SqliteGround
from benchmarks.questions import ON_QUEUE, ON_ROWS, Point, Question

MUST, GOAL, NOISE = 0.10, 0.05, 0.03
MUST_SHARE, GOAL_SHARE = 0.02, 0.01
FEW_IMAGES = 10_000


@attrs.define
class Row:
    """
    How one question fares over the sizes of one axis.

    Attributes:
        rounds: CPU seconds per call of each round, by size.
    """

    engine: str
    axis: str
    question: Question
    rounds: list[dict[int, float]] = attrs.field(factory=list)

    def exponent(self) -> tuple[float, float, float]:
        """Return the exponent and its bootstrapped 95 % interval."""
        bound = min(self.question.bound, *sorted(self.rounds[0])[-2:])
        even = [_over_mean(figures, bound) for figures in self.rounds]
        chance = random.Random(1)
        drawn = sorted(_slope(chance.choices(even, k=len(even))) for _ in range(1_000))
        return _slope(even), drawn[25], drawn[-26]

    def milliseconds(self, size: int) -> float:
        """Return the median of one size: an indication, for it depends on the machine."""
        return 1_000 * statistics.median(figures[size] for figures in self.rounds)

    @property
    def is_noise(self) -> bool:
        """Whether the question asks about nothing."""
        return self.question.name.startswith("A/A")

    @property
    def share(self) -> float | None:
        """The share of a core that it takes at the largest size, if it is asked by the clock."""
        if self.question.every_seconds is None:
            return None
        return self.milliseconds(max(self.rounds[0])) / 1_000 / self.question.every_seconds

    @property
    def is_lost(self) -> bool:
        """Whether it grows, or costs, more than it may."""
        if self.share is not None:
            return self.share > MUST_SHARE
        return self.question.flat and not self.is_noise and self.exponent()[2] > MUST

    @property
    def verdict(self) -> str:
        """Return what to make of the exponent."""
        exponent, low, high = self.exponent()
        if self.is_noise:
            return "void" if abs(exponent) > NOISE else "guard"
        if not self.question.flat:
            return "contrast"
        if self.share is not None:
            words = "FAIL" if self.is_lost else "PASS, goal" if self.share <= GOAL_SHARE else "PASS"
            return f"{words} {self.share:.1%}"
        if high > MUST:
            return "FAIL" if low > MUST or exponent > MUST else "FAIL (unsure)"
        return "PASS, goal" if exponent <= GOAL else "PASS"


def _over_mean(figures: dict[int, float], bound: int) -> dict[int, float]:
    judged = {size: figure for size, figure in figures.items() if size >= bound}
    mean = statistics.geometric_mean(judged.values())
    return {size: figure / mean for size, figure in judged.items()}


def _slope(rounds: Sequence[dict[int, float]]) -> float:
    sizes = list(rounds[0])
    medians = [statistics.median(figures[size] for figures in rounds) for size in sizes]
    return statistics.linear_regression(
        [math.log(max(size, 1)) for size in sizes], [math.log(median) for median in medians]
    ).slope


def sizes(largest: int, *shares: float) -> list[int]:
    """Return shares of *largest*."""
    return [round(largest * share) for share in shares]


def measured(
    ground: Ground,
    axis: str,
    questions: Sequence[Question],
    points: Sequence[Point],
    rounds: int,
) -> Iterator[Row]:
    """Ask every question of every point, *rounds* times."""
    chance = random.Random(7)
    rows = [Row(ground.name, axis, question) for question in questions]
    for row in rows:  # warm up
        for point in points:
            row.question.cpu_per_call(point)
    for number in range(rounds):
        for row in chance.sample(rows, len(rows)):
            figures = {
                point.size: row.question.cpu_per_call(point)
                for point in chance.sample(points, len(points))
            }
            row.rounds.append({point.size: figures[point.size] for point in points})
        _tell(f"{ground.name}, {axis}: round {number + 1} of {rounds}")
    return iter(rows)


def rows_of(ground: Ground, images: int, tasks: int, rounds: int) -> list[Row]:
    """Measure one engine on both axes."""
    rows: list[Row] = []
    few = min(FEW_IMAGES, images)
    axes: list[tuple[str, Sequence[Question], list[int], Callable[[int], dict[str, int]]]] = [
        (
            "images",
            ON_ROWS,
            sizes(images, 0.01, 0.03, 0.1, 0.3, 1),
            lambda size: {"finished": size, "queued": 0},
        ),
        (
            "queued tasks",
            ON_QUEUE,
            sizes(tasks, 0, 0.001, 0.01, 0.1, 1),
            lambda size: {"finished": few, "queued": size},
        ),
    ]
    for axis, questions, all_sizes, filled in axes:
        started = time.monotonic()
        points = [Point.of(ground, size, **filled(size)) for size in all_sizes]
        _tell(f"{ground.name}, {axis}: filled in {time.monotonic() - started:.0f} s")
        rows += measured(ground, axis, questions, points, rounds)
        ground.forget()
    return rows


def report(rows: Sequence[Row]) -> str:
    """Return a table of *rows*, lost ones first."""
    titles = "on", "CPU per call of", "exponent", "95 % interval", "verdict"
    lines = ["{:<12}{:<14}{:<34}{:>9}   {:<18}{:<18}ms, least to most".format("", *titles)]
    for row in sorted(rows, key=lambda row: not row.is_lost):
        exponent, low, high = row.exponent()
        smallest, *_, largest = row.rounds[0]
        lines.append(
            f"{row.engine:<12}{row.axis:<14}{row.question.name:<34}{exponent:>9.3f}"
            f"   {f'{low:.3f} to {high:.3f}':<18}{row.verdict:<18}"
            f"{row.milliseconds(smallest):.3f} → {row.milliseconds(largest):.3f}"
        )
    return "\n".join(lines)


def figures_of(row: Row) -> dict[str, Any]:
    """Return *row* as JSON has it."""
    exponent, low, high = row.exponent()
    return {
        "engine": row.engine,
        "axis": row.axis,
        "question": row.question.name,
        "exponent": exponent,
        "low": low,
        "high": high,
        "verdict": row.verdict,
        "milliseconds": {size: row.milliseconds(size) for size in row.rounds[0]},
    }


def main() -> None:
    """Fill, ask, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--engine", choices=["sqlite", "postgres"], help="one instead of both")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--images", type=int, default=1_000_000, help="at most")
    parser.add_argument("--tasks", type=int, default=100_000, help="queued, at most")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    options = parser.parse_args()

    rows: list[Row] = []
    if options.engine != "postgres":
        with (
            tempfile.TemporaryDirectory(prefix="safelight-grow-") as folder,
            closing(SqliteGround(Path(folder))) as ground,
        ):
            rows += rows_of(ground, options.images, options.tasks, options.rounds)
    if options.engine != "sqlite":
        with closing(PostgresGround()) as ground:
            rows += rows_of(ground, options.images, options.tasks, options.rounds)
    print(report(rows))
    print(f"\nmust: at most {MUST:.2f}, goal: at most {GOAL:.2f}; milliseconds are indications")
    print(f"by the clock: at most {MUST_SHARE:.0%} of a core, goal {GOAL_SHARE:.0%}")
    if any(row.verdict == "void" for row in rows):
        print("VOID: a question about nothing grows or shrinks; run again")
    if options.json:
        options.json.write_text(json.dumps([figures_of(row) for row in rows], indent=2) + "\n")
    if any(row.is_lost or row.verdict == "void" for row in rows):
        sys.exit(1)


def _tell(progress: str) -> None:
    print(progress, file=sys.stderr)


if __name__ == "__main__":
    main()
