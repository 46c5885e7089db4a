"""The system's own clock, randomness and end."""

import os
import signal
import threading
from datetime import UTC, datetime, timedelta

import pytest

from adapters.system.clock import SystemClock
from adapters.system.errands import ThreadErrands
from adapters.system.failpoints import ArmedFailpoints
from adapters.system.ids import RandomIds
from application.ports.unit_of_work import DatabaseUnavailable


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


class TestThreadErrands:
    def test_are_run_one_after_the_other_while_nobody_waits(self) -> None:
        errands, done, go = ThreadErrands(), list[int](), threading.Event()

        errands.run_soon(lambda: go.wait(10) and done.append(1))
        errands.run_soon(lambda: done.append(2))

        assert done == []
        go.set()
        errands.finish()
        assert done == [1, 2]

    def test_one_that_fails_keeps_no_other(self, capsys: pytest.CaptureFixture[str]) -> None:
        errands, done = ThreadErrands(), list[int]()

        errands.run_soon(lambda: 1 // 0)
        errands.run_soon(lambda: done.append(1))

        errands.finish()
        assert done == [1]
        assert "ZeroDivisionError" in capsys.readouterr().out

    def test_one_that_lacks_the_database_says_so_in_one_line(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        errands = ThreadErrands()

        def fail() -> None:
            raise DatabaseUnavailable("it went") from OSError("no route")

        errands.run_soon(fail)
        errands.finish()

        [line] = capsys.readouterr().out.splitlines()
        assert "database-unavailable: it went (OSError: no route)" in line

    def test_are_dropped_when_too_many_wait(self) -> None:
        errands, done = ThreadErrands(most_waiting=2), list[int]()
        started, go = threading.Event(), threading.Event()
        errands.run_soon(lambda: (started.set(), go.wait(10)))
        assert started.wait(10)

        for number in range(5):
            errands.run_soon(lambda number=number: done.append(number))

        go.set()
        errands.finish()
        assert done == [0, 1]
