"""The relay's loop: at once on a ring, in time without one, and never stopped by a failure."""

import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest

from adapters.messaging.unix_bell import UnixBell
from application.back_off import BackOff
from application.ports.message_publisher import BrokerUnavailable
from entrypoints.consumers.relay_outbox import Chore, Relay
from tests.consumers.inboxes import wait_until

HASTE = BackOff(timedelta(seconds=0.05), timedelta(seconds=0.2), draw=lambda: 1.0)


class Outbox:
    """A relay use case over a list: carries two at a time."""

    def __init__(self) -> None:
        self.waiting: list[float] = []
        self.carried: list[float] = []
        self.calls = 0
        self.broken = False

    def __call__(self) -> int:
        self.calls += 1
        if self.broken:
            raise BrokerUnavailable("no answer")
        batch, self.waiting[:2] = self.waiting[:2], []
        self.carried += [time.monotonic() - put_at for put_at in batch]
        return len(batch)


@contextmanager
def running(relay):
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        yield relay
    finally:
        relay.stop()
        thread.join(5)
        assert not thread.is_alive()


@pytest.fixture
def outbox():
    return Outbox()


@pytest.fixture
def bell(tmp_path):
    return UnixBell(tmp_path / "bells")


def a_relay(bell, outbox, *others, poll_seconds=30):
    carrying = Chore("relay-outbox", outbox, poll_seconds, at_a_time=2, on_ring=True)
    return Relay(bell, [carrying, *others], back_off=HASTE)


class TestRelay:
    def test_wakes_within_fifty_milliseconds_of_a_ring(self, outbox, bell):
        with running(a_relay(bell, outbox)):
            wait_until(lambda: outbox.calls == 1)
            for _ in range(5):
                time.sleep(0.02)
                outbox.waiting.append(time.monotonic())
                bell.ring()
            wait_until(lambda: len(outbox.carried) == 5)

        assert max(outbox.carried) < 0.05

    def test_carries_until_nothing_is_left(self, outbox, bell):
        outbox.waiting = [time.monotonic()] * 7

        with running(a_relay(bell, outbox)):
            wait_until(lambda: len(outbox.carried) == 7)

    def test_notices_by_itself_when_a_ring_was_lost(self, outbox, bell):
        with running(a_relay(bell, outbox, poll_seconds=0.1)):
            wait_until(lambda: outbox.calls == 1)
            outbox.waiting.append(time.monotonic())
            wait_until(lambda: outbox.carried)

        assert outbox.carried[0] < 0.3

    def test_a_broker_that_is_away_stops_neither_the_relay_nor_its_other_chores(self, outbox, bell):
        sweeps = []
        outbox.broken = True
        sweep = Chore("sweep", lambda: sweeps.append(1), 0.05)

        with running(a_relay(bell, outbox, sweep)):
            deadline = time.monotonic() + 0.5
            while time.monotonic() < deadline:
                bell.ring()
                time.sleep(0.005)
            assert 2 <= outbox.calls <= 6, "rings do not hurry what has just failed"
            assert len(sweeps) >= 4
            outbox.broken = False
            outbox.waiting.append(time.monotonic())
            wait_until(lambda: outbox.carried)

    def test_the_unforeseen_is_survived_too(self, outbox, bell):
        calls = []

        def sweep():
            calls.append(1)
            raise ZeroDivisionError("nobody thought of this")

        with running(a_relay(bell, outbox, Chore("sweep", sweep, 0.01))):
            wait_until(lambda: len(calls) >= 3)

    def test_other_chores_are_done_in_their_time(self, outbox, bell):
        calls = []
        chore = Chore("tidy", lambda: calls.append(time.monotonic()), 0.1)

        with running(a_relay(bell, outbox, chore)):
            wait_until(lambda: len(calls) == 3)

        assert 0.18 < calls[2] - calls[0] < 0.5

    def test_an_idle_relay_hardly_does_anything(self, outbox, bell):
        with running(a_relay(bell, outbox, poll_seconds=0.2)):
            time.sleep(0.5)

        assert outbox.calls <= 4

    def test_sigterm_ends_it_at_once(self, tmp_path):
        relay = subprocess.Popen(
            [sys.executable, "-c", _RELAY, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert relay.stdout.readline() == "running\n"
        time.sleep(0.1)
        signalled = time.monotonic()

        relay.send_signal(signal.SIGTERM)

        relay.communicate(timeout=5)
        assert relay.returncode == 0
        assert time.monotonic() - signalled < 0.5


_RELAY = """
import pathlib, sys
from adapters.messaging.unix_bell import UnixBell
from entrypoints.consumers.relay_outbox import Chore, Relay
def relay():
    print("running", flush=True)
    return 0
Relay(UnixBell(pathlib.Path(sys.argv[1])), [Chore("relay-outbox", relay, 60)]).run()
"""
