"""
A whole platform under load, with faults that are written down, and the judgement at the end.

Leases and sweeps take seconds rather than minutes, so that a death is noticed within some. Requests go
straight to the API: a proxy would try again, queue, or answer in its place while it is killed.
"""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from tests.behaviour.webhook_server import WebhookServer
from tests.faults import invariants
from tests.faults.beside import Beside
from tests.faults.engines import Engines
from tests.faults.history import History, Verdict, judge
from tests.faults.load import Load
from tests.running import RunningPlatform

WHOLE = os.environ.get("SAFELIGHT_TEST_FAULTS") == "whole"
"""Whether everything is done as often as the catalogue has it; `make faults` says so."""

DRAIN_SECONDS = 120.0
RESTART_SECONDS = 60.0

_BETWEEN_FAULTS_SECONDS = 1.7
"""Long enough for the supervisor to take a process for one that had started."""

SETTINGS = {
    "TOKENS_LIFETIME_SECONDS": "7200",
    "TASKS_LEASE_SECONDS": "3",
    "TASKS_BEAT_SECONDS": "0.8",
    "BROKER_LEASE_SECONDS": "5",
    "RELAY_EXPIRED_SECONDS": "0.5",
    "RELAY_SWEEP_SECONDS": "1",
    "RELAY_PATIENCE_SECONDS": "5",
    "RELAY_LEASE_SECONDS": "15",
    "NOTIFIER_LEASE_SECONDS": "16",
    "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
    "WORKER_CONCURRENCY": "1",
    # A laptop's disk may be fuller than a server's.
    "LIMITS_FREE_BYTES": "0",
}


def times(whole: int, scaled: int) -> int:
    """Return how often something is done."""
    return whole if WHOLE else scaled


@attrs.define
class Rig:
    """
    What a test of faults has in hand.

    Attributes:
        beside: Processes besides those of the supervisor.
    """

    platform: RunningPlatform
    engines: Engines
    history: History
    sink: WebhookServer
    beside: Sequence[Beside] = ()

    def load(self, number: int, **how: Any) -> Load:
        """Let clients send so many pictures, each to be announced to the sink."""
        return Load(self.platform, self.history, number, webhook=self.sink.url, **how)

    def kill(self, command: str) -> None:
        """SIGKILL one of the processes of that name, and wait until another stands in for it."""
        others = [each for each in self.beside if each.command == command]
        if others and random.random() < 0.5:
            chosen = random.choice(others)
            chosen.kill()
            chosen.start()
        else:
            old = self.platform.kill_group(command)
            self.platform.wait_for_restart(command, old, seconds=RESTART_SECONDS)

    def restart(self, server: str, away_seconds: float = 0.0) -> None:
        """Kill a server and start it again on what it has left on its disk."""
        self.engines.servers[server].halt()
        time.sleep(away_seconds)
        self.engines.servers[server].start()

    def inflict(self, faults: Mapping[str, int], load: Load, number: int) -> None:
        """
        Let every fault happen so many times, spread over the load, in a random order.

        A name is that of a process to kill or of a server to restart.
        """
        order = [name for name, how_often in faults.items() for _ in range(how_often)]
        random.shuffle(order)
        for position, name in enumerate(order, start=1):
            load.wait_for(number * 0.9 * position / (len(order) + 1))
            self.history.add("fault", what=name)
            if name in self.engines.servers:
                self.restart(name, away_seconds=3.0 if name == "broker" else 0.0)
            else:
                self.kill(name)
            time.sleep(_BETWEEN_FAULTS_SECONDS)

    @contextlib.contextmanager
    def frozen(self, command: str) -> Iterator[None]:
        """Let the supervisor's process of that name stand still, with everything it started."""
        group = self.platform.pids()[command]
        os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(group, signal.SIGCONT)

    def verdict(self, name: str, seconds: float = DRAIN_SECONDS) -> Verdict:
        """
        Wait until all is quiet, judge, check every invariant, and say what came out.

        Args:
            name: Of the fault, for the line that is printed.
            seconds: Since the last fault, at most.
        """
        began = time.monotonic()
        self.platform.wait_until_quiet(seconds)
        drained = time.monotonic() - began
        verdict = judge(self.history, invariants.tasks_of(self.platform))
        attempts, tasks = self.platform.rows("select sum(attempts), count(*) from tasks")[0]
        figures = f"faults={len(self.history.of('fault'))} drained={drained:.1f}s"
        figures += f" repeated={int(attempts) - tasks} ({(int(attempts) - tasks) / tasks:.1%})"
        assert verdict.is_flawless, f"{name}: {verdict} {figures} {self.history.path}"
        invariants.check_answers(self.history)
        invariants.check_that_nothing_waits(self.platform, self.engines)
        twice = invariants.check_notices(self.platform, self.sink)
        invariants.check_results(self.platform)
        strays = invariants.check_store(self.platform)
        print(f"\n{name}: {verdict} {figures} told-twice={twice} strays-swept={strays}")
        return verdict


@contextlib.contextmanager
def rigged(
    folder: Path, engines: Engines, *, beside: Sequence[str] = (), **settings: str
) -> Iterator[Rig]:
    """Start a platform on some engines, with further processes beside those it starts itself."""
    with contextlib.ExitStack() as stack:
        history = stack.enter_context(History(folder / "history.jsonl"))
        sink = stack.enter_context(WebhookServer())
        platform = stack.enter_context(
            RunningPlatform(folder / "data", **SETTINGS | engines.settings | settings)
        )
        others = [stack.enter_context(Beside(platform, command)) for command in beside]
        yield Rig(platform, engines, history, sink, others)


def wait_until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.05)
