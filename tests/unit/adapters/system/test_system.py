"""The system's own clock, randomness and end."""

import os
import signal
from datetime import UTC, datetime, timedelta

from adapters.system.clock import SystemClock
from adapters.system.failpoints import ArmedFailpoints
from adapters.system.ids import RandomIds


def test_the_clock_tells_the_time_in_utc() -> None:
    now = SystemClock().now()

    assert now.utcoffset() == timedelta()
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=5)


def test_ids_are_random_and_differ() -> None:
    ids = {RandomIds().new() for _ in range(100)}

    assert len(ids) == 100
    assert {id.version for id in ids} == {4}


class TestArmedFailpoints:
    def test_an_armed_moment_kills_the_process_at_once(self) -> None:
        child = os.fork()
        if child == 0:
            failpoints = ArmedFailpoints("after_put")
            failpoints.reach("before_put")
            failpoints.reach("after_put")
            os._exit(0)

        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL

    def test_unarmed_ones_do_nothing(self) -> None:
        ArmedFailpoints().reach("after_put")
        ArmedFailpoints("elsewhere").reach("after_put")
