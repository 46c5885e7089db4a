"""How often the platform's levels are measured."""

from datetime import timedelta

import attrs
import pytest

from application.images.admit_upload import AdmitUpload, HighWaterMarks
from application.ports.object_store import Room
from tests.clocks import MovableClock
from tests.unit.application.workbench import Workbench

MARKS = HighWaterMarks(queued_tasks=10, queued_tasks_per_user=5, free_bytes=0)


@attrs.define
class Store:
    """Has room, and says so after a while."""

    clock: MovableClock
    takes: timedelta
    asked: int = 0

    def room(self) -> Room:
        self.asked += 1
        self.clock.advance(self.takes)
        return Room(total_bytes=100, free_bytes=50)


@pytest.mark.parametrize(
    ("takes", "kept"),
    [
        (timedelta(0), timedelta(seconds=1)),
        (timedelta(milliseconds=5), timedelta(seconds=1)),
        (timedelta(milliseconds=40), timedelta(seconds=4)),
    ],
    ids=str,
)
def test_a_measure_is_kept_for_a_second_or_a_hundred_times_its_cost(
    bench: Workbench, takes: timedelta, kept: timedelta
) -> None:
    clock = MovableClock()
    store = Store(clock, takes)
    admit = AdmitUpload(bench.database, store, clock, MARKS)
    actor = bench.an_actor()

    admit(actor)
    clock.advance(kept - takes - timedelta(milliseconds=1))
    admit(actor)
    assert store.asked == 1

    clock.advance(timedelta(milliseconds=1))
    admit(actor)
    assert store.asked == 2
