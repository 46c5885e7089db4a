"""
What the worst pictures cost their renderer: `make costs` prints memory and processor time.

Each picture of the rows 22 to 33 meets a renderer of its own, twice: to be made small, as most are,
and to be drawn whole. Memory is the most that was resident, as the renderer tells of itself, shared
pages of the interpreter and of libvips among it; processor time is user and system, by the kernel.
"""

import contextlib
import itertools
import signal
import sys
import tempfile
from typing import Final

import attrs
import psutil

from adapters.imaging.messages import Done, Order, Refused, StorageFault
from adapters.imaging.renderer_process import RendererDied, RendererHung, Zygote
from domain.images.operations import AutoOrient, Operation, Resize
from domain.images.pipeline import Pipeline
from tests.bad_pictures import BadPicture, bad_pictures, progressive_of_many_scans
from tests.limits import renderer_limits

ROWS: Final = range(22, 34)
MEGABYTE: Final = 1_000_000
PIPELINES: Final[dict[str, tuple[Operation, ...]]] = {
    "small": (AutoOrient(), Resize(300, 300)),
    "whole": (AutoOrient(),),
}

MOST_BYTES: Final = {22: 600 * MEGABYTE, 29: 600 * MEGABYTE, 31: 100 * MEGABYTE}
"""Of memory, by row; of the others as much as a renderer may have."""
MOST_CPU_SECONDS: Final = {26: 5.0, 33: 2.0}
"""By row; of the others as much as a task may have."""


@attrs.frozen
class Cost:
    """
    What one picture cost.

    Attributes:
        outcome: `completed`, or the code of the failure.
        peak_bytes: None if the renderer did not live to tell.
        cpu_seconds: None likewise.
    """

    bad: BadPicture
    size: str
    outcome: str
    peak_bytes: int | None = None
    cpu_seconds: float | None = None

    @property
    def most_bytes(self) -> int:
        """The memory that the row allows."""
        return MOST_BYTES.get(self.bad.row, renderer_limits().memory_bytes)

    @property
    def most_cpu_seconds(self) -> float:
        """The processor time that the row allows; a second more is granted by the kernel."""
        return MOST_CPU_SECONDS.get(self.bad.row, renderer_limits().cpu_seconds + 1)

    @property
    def is_within(self) -> bool:
        """Whether it cost no more than the row allows."""
        return (self.peak_bytes or 0) <= self.most_bytes and (
            self.cpu_seconds or 0
        ) <= self.most_cpu_seconds


def worst_pictures() -> tuple[BadPicture, ...]:
    """Every bad picture of the rows that are measured, and one that takes too long for more."""
    most_scans = BadPicture(
        "progressive JPEG of 883 scans, all that there can be",
        23,
        lambda: progressive_of_many_scans(883),
        in_task=frozenset({"limit_cpu", "timeout"}),
        may_complete=True,
    )
    found = (most_scans, *(bad for bad in bad_pictures() if bad.row in ROWS))
    return tuple(sorted(found, key=lambda bad: bad.row))


def cost_of(zygote: Zygote, bad: BadPicture, size: str) -> Cost:
    """Return what *bad* costs when it is asked for at *size*, a key of `PIPELINES`."""
    renderer = zygote.fork()
    with (
        contextlib.closing(renderer),
        tempfile.TemporaryFile() as source,
        tempfile.TemporaryFile() as target,
    ):
        source.write(bad.data)
        source.flush()
        order = Order(Pipeline(PIPELINES[size]), ())
        files = [source.fileno(), target.fileno()]
        try:
            reply = renderer.draw(order, files, renderer_limits().wall_seconds)
        except RendererDied as death:
            code = "limit_cpu" if death.signal_number == signal.SIGXCPU else "decoder_crash"
            return Cost(bad, size, code)
        except RendererHung:
            return Cost(bad, size, "timeout")
        spent = psutil.Process(renderer.pid).cpu_times()
        return Cost(bad, size, _outcome(reply), reply.peak_bytes, spent.user + spent.system)


def _outcome(reply: Done | Refused | StorageFault) -> str:
    if isinstance(reply, Refused):
        return reply.failure.code.value
    return "completed" if isinstance(reply, Done) else "storage"


def main() -> int:
    """Print a table of Markdown; return 1 if something cost more than it may."""
    print("| row | picture | bytes | asked for | outcome | memory, MB | CPU, s |")
    print("|---:|---|---:|---|---|---:|---:|")
    good = True
    with contextlib.closing(Zygote(renderer_limits())) as zygote:
        for bad, size in itertools.product(worst_pictures(), PIPELINES):
            cost = cost_of(zygote, bad, size)
            memory = "" if cost.peak_bytes is None else f"{cost.peak_bytes / MEGABYTE:.0f}"
            seconds = "" if cost.cpu_seconds is None else f"{cost.cpu_seconds:.2f}"
            more = "" if cost.is_within else " **more than it may**"
            print(
                f"| {bad.row} | {bad.name} | {len(bad.data):,} | {cost.size} | {cost.outcome} "
                f"| {memory} | {seconds}{more} |",
                flush=True,
            )
            good = good and cost.is_within
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
