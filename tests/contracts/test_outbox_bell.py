"""What every `OutboxBell` promises, and what the bell between processes adds."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from adapters.messaging.unix_bell import UnixBell


@pytest.fixture(params=["unix"])
def bell(tmp_path):
    bell = UnixBell(tmp_path / "bells")
    yield bell
    bell.close()


class TestOutboxBell:
    def test_a_ring_wakes_whoever_waits_at_once(self, bell):
        bell.wait(0)
        rung_at = []
        ringer = threading.Timer(0.1, lambda: (rung_at.append(time.monotonic()), bell.ring()))
        ringer.start()

        heard = bell.wait(5)

        ringer.join()
        assert heard
        assert time.monotonic() - rung_at[0] < 0.05

    def test_without_a_ring_the_wait_ends_in_time(self, bell):
        started = time.monotonic()

        assert not bell.wait(0.05)
        assert 0.04 < time.monotonic() - started < 0.5

    def test_a_ring_while_nobody_listens_is_heard_at_the_next_wait_and_once(self, bell):
        bell.wait(0)
        bell.ring()
        bell.ring()

        assert bell.wait(0)
        assert not bell.wait(0)

    def test_ringing_never_waits_however_often(self, bell):
        bell.wait(0)

        for _ in range(5000):
            bell.ring()

        assert bell.wait(0)


class TestUnixBell:
    def test_a_ring_wakes_every_waiter(self, tmp_path):
        bells = [UnixBell(tmp_path) for _ in range(3)]
        for bell in bells:
            bell.wait(0)

        bells[0].ring()

        assert [bell.wait(0) for bell in bells] == [True] * 3

    def test_ringing_where_nobody_ever_waited_is_quiet(self, tmp_path):
        UnixBell(tmp_path / "nowhere").ring()

        assert not (tmp_path / "nowhere").exists()

    def test_is_heard_in_another_process_and_forgets_the_dead(self, tmp_path):
        waiter = subprocess.Popen(
            [sys.executable, "-c", _WAITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert waiter.stdout.readline() == "waiting\n"
        bell = UnixBell(tmp_path)

        bell.ring()

        assert waiter.stdout.readline() == "heard\n"
        os.kill(waiter.pid, signal.SIGKILL)
        waiter.communicate()
        assert len(list(tmp_path.iterdir())) == 1
        bell.ring()
        assert not list(tmp_path.iterdir())

    def test_rings_through_a_directory_whose_path_is_too_long_for_a_socket(self, tmp_path):
        directory = tmp_path / ("d" * 100) / ("e" * 100)
        bell = UnixBell(directory)

        bell.wait(0)
        UnixBell(directory).ring()

        assert bell.wait(0)

    def test_leaves_nothing_behind(self, tmp_path):
        bell = UnixBell(tmp_path)
        bell.wait(0)

        bell.close()

        assert not list(tmp_path.iterdir())


_WAITER = """
import pathlib, sys, time
from adapters.messaging.unix_bell import UnixBell
bell = UnixBell(pathlib.Path(sys.argv[1]))
bell.wait(0)
print("waiting", flush=True)
print("heard" if bell.wait(10) else "not heard", flush=True)
time.sleep(60)
"""
