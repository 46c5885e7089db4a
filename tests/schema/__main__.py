"""
`python -m tests.schema`: hundreds of requests for every operation of the API's document.

A platform is started, its document read, and schemathesis asks all that the document allows and
some that it does not, by three seeds that are always the same and one that is drawn. Every check
that it has is on; `excuses` says what is let pass, and why. An excuse that none of these seeds
needed fails the run; a shorter run only tells of it.

    make schema [ARGS='--examples 200 --seeds 1 2 3']
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.schema.excuses import unused
from tests.schema.run import Report, ask, platform

SEEDS = (1, 20261128, 4711)
EXAMPLES = 200


def main() -> int:
    """Run, tell, and return 1 if something failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.schema", description=__doc__)
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="an operation and phase")
    parser.add_argument("--seeds", type=int, nargs="*", default=None, help="three, and one drawn")
    asked, more = parser.parse_known_args()
    drawn = random.SystemRandom().randrange(1_000_000)
    failed, excused = False, set[str]()
    for seed in asked.seeds or [*SEEDS, drawn]:
        with (
            tempfile.TemporaryDirectory() as folder,
            platform(Path(folder) / "data") as running,
        ):
            report = ask(running.base, seed, asked.examples, *more)
        failed |= not report.is_clean
        excused |= report.excused.keys()
        _tell(report)
    idle = unused(excused)
    for excuse in idle:
        print(f"nothing needed this excuse: {excuse.operations}, {excuse.reason}")
    # Some are needed by chance, and others by operations that an option of schemathesis' leaves out.
    is_whole = asked.seeds is None and asked.examples >= EXAMPLES and not more
    return 1 if failed or (idle and is_whole) else 0


def _tell(report: Report) -> None:
    if not report.is_clean:
        print(report.text)
    print(
        f"seed {report.seed}: {len(report.answered)} operations, {report.requests} requests in "
        f"{report.seconds:.0f} s, {'all as it should be' if report.is_clean else 'FAILURES'}"
    )
    for label in report.never_done:
        print(f"  never did what it is for: {label}")
    for reason, number in sorted(report.excused.items()):
        print(f"  excused {number} times: {reason}")


if __name__ == "__main__":
    sys.exit(main())
