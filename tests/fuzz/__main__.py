"""
`python -m tests.fuzz`: thousands of damaged pictures through a real renderer.

Everything that must not happen is counted and named; the run fails if there is any. What took a
renderer down, as it may, is made smaller and kept under build/fuzz/ with how to have it again.

    make fuzz [ARGS='--files 20000 --flips 1000 --seconds 3000 --seed 1']
"""

import argparse
import contextlib
import itertools
import logging
import random
import sys
import time
from pathlib import Path

from adapters.imaging.vips_editor import VipsEditor
from domain.images.formats import ImageFormat
from tests.fuzz.campaign import (
    MIB,
    Report,
    Sample,
    drawn,
    flipped,
    fuzzing_limits,
    keep,
    run,
    sample,
    smaller,
)

FOLDER = Path(__file__).resolve().parents[2] / "build" / "fuzz"
_KEPT_OF_EACH = 10
_SMALLER_SECONDS = 20.0


def main() -> int:
    """Run, tell, and return 1 if something happened that must not."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=20_000, help="damaged in every way")
    parser.add_argument("--flips", type=int, default=1_000, help="with one bit flipped, a format")
    parser.add_argument("--seconds", type=float, default=3_000.0, help="after them it ends early")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--only", type=int, help="try the file of this number alone")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    logging.getLogger("adapters.imaging").setLevel(logging.CRITICAL)  # what is found is told below
    if asked.only is not None:
        one = sample(asked.seed, asked.only)
        print(f"kept as {keep(one, 'asked-for', FOLDER)}")
        report = run([one], seconds=asked.seconds)
    else:
        files = asked.files + asked.flips * len(ImageFormat)
        print(f"seed {asked.seed}: {files} files", flush=True)
        samples = itertools.chain(
            (sample(asked.seed, number) for number in range(asked.files)),
            flipped(asked.flips, asked.seed),
        )
        report = run(samples, seconds=asked.seconds, told=_Bar(files))
    print("\n".join(report.table()))
    print(
        f"{report.files} files in {report.seconds:.0f} s; the slowest took "
        f"{report.longest_seconds:.1f} s, the slowest header {report.longest_probe_seconds:.3f} s; "
        f"the largest renderer had {report.renderer_peak_bytes // MIB} MiB; "
        f"this process grew by {report.parent_growth_bytes // MIB} MiB; "
        f"{report.zygote_deaths} deaths of the renderers' parent"
    )
    for path in _kept(report):
        print(f"worth a look: {path}")
    for flaw in report.flaws[:100]:
        print(f"FLAW {flaw}")
    print(f"{len(report.flaws)} flaws")
    return 1 if report.flaws else 0


class _Bar:
    """A bar that fills, where somebody is looking."""

    def __init__(self, files: int) -> None:
        self._files = files
        self._started = self._told = time.monotonic()
        self._step = 0.5 if sys.stderr.isatty() else 60.0

    def __call__(self, report: Report) -> None:
        now = time.monotonic()
        if now - self._told < self._step:
            return
        self._told = now
        done = report.files / self._files
        left = (now - self._started) * (1 / done - 1)
        bar = ("#" * round(30 * done)).ljust(30, ".")
        line = f"[{bar}] {report.files}/{self._files}, {left:.0f} s left, {len(report.flaws)} flaws"
        print(line, end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


def _kept(report: Report) -> list[Path]:
    """Keep some of what is remarkable, made smaller for as long as it stays that."""
    kept: dict[str, list[Sample]] = {}
    for one, outcome in report.remarkable:
        kept.setdefault(outcome, []).append(one)
    paths = []
    with contextlib.closing(VipsEditor(fuzzing_limits())) as editor:
        for outcome, found in kept.items():
            for one in found[:_KEPT_OF_EACH]:
                deadline = time.monotonic() + _SMALLER_SECONDS
                small = smaller(
                    one,
                    lambda candidate, outcome=outcome, deadline=deadline: (
                        time.monotonic() < deadline and drawn(editor, candidate)[0] == outcome
                    ),
                )
                paths.append(keep(small, outcome, FOLDER))
    return paths


if __name__ == "__main__":
    sys.exit(main())
