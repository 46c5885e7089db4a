"""
What pixels cost: our editor beside sharp, Pillow, Pillow-SIMD and OpenCV, one thread each.

Every figure is CPU time, user and system, of all processes that work on a task, from file to file.
The unit U is the CPU of bare pyvips for `thumbnail_buffer(12 MP JPEG, 800x600)` and
`jpegsave(Q=80)`, from memory to memory. In each round every contestant works once, in another
order, between two U; figures are ratios within a round, medians over the rounds, and their
bootstrapped 95 % intervals. If the two U of the rounds differ, the contest is void and repeated.

Who writes other sides, more bytes, or a picture further from the reference than the best of its
class has not done the same work and does not count; if that is us, the row is lost.

A row holds if the worse end of its interval passes the must; it reaches the goal if its median
does. Rows that are lost are printed first, then those that were not run.

    python -m benchmarks engine [--rounds 15] [--only W1,W4] [--to build/bench/engine]

Peers install themselves below build/bench/peers from the locks in benchmarks/peers; who is not to
be had is told of, and its rows are not run.
"""

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import attrs

from benchmarks.contest import Measured, Row, interval
from benchmarks.contestants import Ours, Peers
from benchmarks.ladder import Ladder
from benchmarks.suites import SUITES, Bench
from tests.running import ROOT


def table(rows: Sequence[Row]) -> str:
    """Return the rows as Markdown, those that are lost first."""
    order = ("LOST", "VOID", "NOT RUN", "must", "goal")
    lines = [
        "| # | what | must | goal | median | 95 % interval | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda row: order.index(row.verdict)):
        found = row.interval()
        sign = "≥" if row.more else "≤"
        figures = "– | –" if found is None else f"{found[0]:.2f} | {found[1]:.2f} to {found[2]:.2f}"
        why = f": {row.why_not}" if row.why_not else ""
        lines.append(
            f"| {row.number} | {row.what} | {sign} {row.must:.2f} | {sign} {row.goal:.2f} "
            f"| {figures} | {row.verdict}{why} |"
        )
    return "\n".join(lines)


def details(contests: dict[str, Measured]) -> str:
    """Return every contestant's CPU and what it wrote as Markdown."""
    lines = [
        "| task | contestant | CPU ÷ U | bytes | PSNR, dB | SSIM | does not count |",
        "|---|---|---|---|---|---|---|",
    ]
    for task, found in contests.items():
        for name, ratios in sorted(found.ratios.items(), key=lambda one: interval(one[1])[0]):
            seen = found.likeness.get(name)
            looks = (
                f"{seen.byte_size} | {seen.decibels:.2f} | {seen.similarity:.4f}"
                if seen
                else "– | – | –"
            )
            why = found.unequal.get(name, "")
            lines.append(f"| {task} | {name} | {interval(ratios)[0]:.2f} | {looks} | {why} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the suites, print the tables and write them."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks engine", description=(__doc__ or "").strip().split("\n\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default=",".join(SUITES), help="suites, separated by commas")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "bench" / "engine")
    options = parser.parse_args(arguments)
    chosen = options.only.split(",")
    if unknown := set(chosen) - SUITES.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")

    started = time.monotonic()
    rows: list[Row] = []
    cache = ROOT / "build" / "bench"
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="safelight-bench-")))
        peers = Peers(cache / "peers")
        stack.callback(peers.close)
        ours, large = Ours(), Ours(large=True)
        stack.callback(ours.close)
        stack.callback(large.close)
        bench = Bench(ours, large, peers, Ladder(cache / "data"), folder, options.rounds)
        for name in chosen:
            print(f"{name}: {SUITES[name].__doc__}", file=sys.stderr)
            rows += SUITES[name](bench)
        versions = {"Safelight": ours.versions} | dict(peers.versions())
    minutes = (time.monotonic() - started) / 60
    voids = sum(one.voids for one in bench.contests.values())
    made_of = "; ".join(
        f"{name} ({', '.join(' '.join(one) for one in parts.items())})"
        for name, parts in versions.items()
    )
    text = "\n\n".join(
        [
            table(rows),
            details(bench.contests),
            f"{options.rounds} rounds, {minutes:.0f} minutes, {voids} void. {made_of}.",
            *(f"Not here: {name}: {why}." for name, why in peers.missing.items()),
        ]
    )
    print(text)
    options.to.mkdir(parents=True, exist_ok=True)
    (options.to / "engine.md").write_text(text + "\n")
    (options.to / "engine.json").write_text(
        json.dumps(
            {
                "rounds": options.rounds,
                "voids": voids,
                "versions": versions,
                "missing": peers.missing,
                "rows": [
                    attrs.asdict(row) | {"interval": row.interval(), "verdict": row.verdict}
                    for row in rows
                ],
                "contests": {name: attrs.asdict(one) for name, one in bench.contests.items()},
            },
            indent=1,
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
