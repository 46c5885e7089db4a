"""The relay: outbox to broker the moment something is in it; lost tasks and lost rings besides."""

import time
from collections.abc import Callable, Sequence

import attrs
import structlog

from application.back_off import BackOff
from application.errors import PortFailure
from application.ports.outbox_bell import OutboxBell
from entrypoints.consumers.consumer import USUAL_BACK_OFF
from entrypoints.consumers.signals import stopping_on_signals

_BREATH_SECONDS = 0.1

_log = structlog.get_logger(__name__)


@attrs.define
class Chore:
    """
    Something that is done again and again.

    Attributes:
        call: Does it and returns how much it found to do, if that can be told.
        every_seconds: How long it rests when there cannot be more.
        at_a_time: How much it does at most; when it found as much, there may be more.
        on_ring: Whether the bell cuts that rest short.
    """

    name: str
    call: Callable[[], int | None]
    every_seconds: float
    at_a_time: int = 1
    on_ring: bool = False
    _due_at: float = attrs.field(default=0.0, init=False)
    _failures: int = attrs.field(default=0, init=False)

    def seconds_left(self, now: float, *, rung: bool) -> float:
        """Return how long it may rest; a ring does not hurry what has just failed."""
        if rung and self.on_ring and not self._failures:
            return 0.0
        return max(0.0, self._due_at - now)

    def do(self, back_off: BackOff) -> None:
        """Do it once; a failure is logged and makes the next rest longer, and never leaves."""
        try:
            found = self.call() or 0
        except Exception as error:  # noqa: BLE001 (the loop outlives it)
            self._failures += 1
            pause = back_off.after(self._failures).total_seconds()
            self._due_at = time.monotonic() + pause
            if isinstance(error, PortFailure):
                _log.warning(
                    "chore failed",
                    chore=self.name,
                    error=error.in_words(),
                    retry_in_seconds=round(pause, 1),
                )
            else:
                _log.exception(
                    "chore failed unexpectedly",
                    chore=self.name,
                    retry_in_seconds=round(pause, 1),
                )
            return
        self._failures = 0
        more = found >= self.at_a_time
        rest = self.every_seconds if not more else 0.0 if self.on_ring else _BREATH_SECONDS
        self._due_at = time.monotonic() + rest
        if found:
            log = _log.debug if self.on_ring else _log.info
            log("chore done", chore=self.name, found=found)


class Relay:
    """
    Does its chores, each in its time: carries the outbox to the broker first of all.

    Any number may run at a time: each chore takes what it works on.

    Attributes:
        back_off: After failures of a chore.
        last_tick: `time.monotonic()` of the loop's last turn, which takes a second or so beside
            its chores.
    """

    def __init__(
        self,
        bell: OutboxBell,
        chores: Sequence[Chore],
        *,
        back_off: BackOff = USUAL_BACK_OFF,
    ) -> None:
        self._bell = bell
        self._chores = chores
        self._back_off = back_off
        self._stopping = False
        self.last_tick = time.monotonic()

    def run(self) -> None:
        """Run until `stop` or SIGTERM, which end it after the chore under way."""
        with stopping_on_signals(self.stop):
            # A bell keeps rings from its first wait on; without this one, what is committed while
            # the first chores run would wait for the next poll.
            self._bell.wait(0)
            rung = False
            while not self._stopping:
                now = self.last_tick = time.monotonic()
                for chore in self._chores:
                    if not chore.seconds_left(now, rung=rung) and not self._stopping:
                        chore.do(self._back_off)
                rung = self._rest()

    def stop(self) -> None:
        """Tell the loop to end; for signal handlers and other threads."""
        self._stopping = True
        self._bell.ring()

    def _rest(self) -> bool:
        """Wait until a chore is due or the bell rings; return whether it rang."""
        now = time.monotonic()
        soonest = min(chore.seconds_left(now, rung=False) for chore in self._chores)
        return not self._stopping and self._bell.wait(min(1.0, soonest))
