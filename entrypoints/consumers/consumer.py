"""
The loop of every consumer: one thread listens, acknowledges and beats; others work.

However long the work takes, the broker and the database keep hearing from the process, so neither
takes its messages away. A message is acknowledged when its handler has returned, and not before:
a handler keeps what it learnt in the database.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from enum import Enum
from uuid import UUID

import attrs
import structlog

from application.back_off import BackOff
from application.errors import ApplicationError, PortFailure
from application.ports.message_inbox import MessageInbox, ReceivedMessage
from application.ports.message_publisher import BrokerUnavailable
from domain.errors import DomainError
from entrypoints.consumers.signals import stopping_on_signals

_log = structlog.get_logger(__name__)


@attrs.frozen
class Handler:
    """
    What is done about one kind of message.

    Attributes:
        subject: What the message's id is the id of, as a log field: `task_id`.
        call: Does it, and may return the outcome for the log. Called by several threads.
    """

    subject: str
    call: Callable[[UUID], Enum | None]


class Verdict(Enum):
    """What becomes of a message whose handler has ended."""

    ACKNOWLEDGE = "acknowledge"
    RETRY = "retry"  # keep it in hand and call the handler again, ever more patiently
    RETRY_FEW_TIMES = "retry few times"  # then bury it
    BURY = "bury"  # trying again will not help; people may look at it


def verdict_on(error: Exception | None) -> Verdict:
    """Return what becomes of a message whose handler raised *error*."""
    match error:
        case None:
            return Verdict.ACKNOWLEDGE
        case PortFailure(transient=True):
            return Verdict.RETRY
        case PortFailure() | ApplicationError() | DomainError():
            return Verdict.BURY
        case _:
            return Verdict.RETRY_FEW_TIMES


USUAL_BACK_OFF = BackOff(first=timedelta(seconds=1), longest=timedelta(seconds=30))


@attrs.frozen
class Patience:
    """
    How a consumer waits.

    Attributes:
        drain_seconds: How long running work may take once the process is told to end; less than
            whoever tells it waits before it kills.
        back_off: Before a handler is called again, or the broker.
        unexpected_tries: Calls of a handler that raises what nobody foresaw, before it is given up.
    """

    drain_seconds: float
    back_off: BackOff = USUAL_BACK_OFF
    unexpected_tries: int = 3

    def pause(self, failures: int) -> float:
        """Return the seconds to wait after *failures* failures in a row."""
        return self.back_off.after(failures).total_seconds()


@attrs.define(eq=False)
class _Job:
    """A message in hand."""

    received: ReceivedMessage
    tries: int = 0
    error: Exception | None = None
    due_at: float = 0.0
    orphaned: bool = False  # the connection it came by is gone, and the message came back


class Consumer:
    """
    Takes messages from *inbox* and has them handled, until told to stop.

    Attributes:
        handlers: By kind of message; a kind without one is buried.
        concurrency: How many messages are worked on at a time. The inbox should hold as many, or
            one more.
        on_stop: Called when the consumer is told to end, before it waits for what runs.
        release: Called when running work outlasts the drain, to let others have it at once.
        beat: Called every *beat_seconds*, by the clock and not by the work: renews leases.
        last_tick: `time.monotonic()` of the loop's last turn, which takes a second at most.
        trouble: Why no messages can come at the moment, or None if they can.
    """

    def __init__(
        self,
        inbox: MessageInbox,
        handlers: Mapping[str, Handler],
        *,
        concurrency: int,
        patience: Patience,
        beat: Callable[[], None] | None = None,
        on_stop: Callable[[], None] | None = None,
        release: Callable[[], None] | None = None,
        beat_seconds: float = 1.0,
    ) -> None:
        self._inbox = inbox
        self._handlers = handlers
        self._concurrency = concurrency
        self._beat = beat
        self._on_stop = on_stop
        self._release = release
        self._beat_seconds = beat_seconds
        self._patience = patience
        self._stopping = False
        self._open = False
        self._open_at = self._beat_at = 0.0
        self._refusals = 0
        self.trouble: BrokerUnavailable | None = BrokerUnavailable("no connection has been made")
        self._in_hand: set[_Job] = set()
        self._waiting: deque[_Job] = deque()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self.last_tick = time.monotonic()

    def run(self) -> None:
        """Consume until `stop` or SIGTERM; then finish what runs, give back the rest, return."""
        # Daemons, so that work that outlasts the drain cannot keep the process from ending.
        for number in range(self._concurrency):
            threading.Thread(target=self._work, name=f"handler-{number}", daemon=True).start()
        with stopping_on_signals(self.stop):
            try:
                while not self._stopping:
                    self._turn()
                self._drain()
            finally:
                for _ in range(self._concurrency):
                    self._jobs.put(None)
                self._inbox.close()

    def stop(self) -> None:
        """Tell the loop to end; for signal handlers and other threads."""
        self._stopping = True
        self._inbox.wake()

    def _turn(self) -> None:
        """Do whatever is due, then wait for whatever comes next, a second at most."""
        now = self.last_tick = time.monotonic()
        self._beat_if_due(now)
        wait = min(1.0, max(0.0, self._beat_at - now))
        try:
            if not self._open and not self._stopping:
                wait = min(wait, self._open_if_due(now))
            self._settle(now)
            if self._stopping and not self._in_hand:
                return
            wait = min(wait, self._resume(now))
            received = self._inbox.receive(wait)
            if received is not None:
                self._accept(received)
        except BrokerUnavailable as error:
            self._lose_broker(error)

    def _accept(self, received: ReceivedMessage) -> None:
        if self._stopping:
            self._inbox.give_back(received)
        elif received.message.kind not in self._handlers:
            _log.warning("message buried", kind=received.message.kind, reason="nobody handles it")
            self._inbox.bury(received)
        else:
            job = _Job(received)
            self._in_hand.add(job)
            self._jobs.put(job)

    def _settle(self, now: float) -> None:
        """Act on what has been worked on: acknowledge, bury, or put by for another try."""
        while True:
            try:
                job = self._ended.get_nowait()
            except queue.Empty:
                return
            verdict = verdict_on(job.error)
            if verdict is Verdict.RETRY_FEW_TIMES:
                given_up = job.tries >= self._patience.unexpected_tries
                verdict = Verdict.BURY if given_up else Verdict.RETRY
            if verdict is Verdict.RETRY and not job.orphaned:
                job.due_at = now + self._patience.pause(job.tries)
                self._waiting.append(job)
                continue
            self._in_hand.discard(job)
            if verdict is Verdict.ACKNOWLEDGE:
                self._inbox.acknowledge(job.received)
            elif verdict is Verdict.BURY:
                self._inbox.bury(job.received)

    def _resume(self, now: float) -> float:
        """Hand out again what has waited long enough; return the seconds until the next."""
        soonest = 1.0
        for _ in range(len(self._waiting)):
            job = self._waiting.popleft()
            if job.due_at <= now:
                self._jobs.put(job)
            else:
                soonest = min(soonest, job.due_at - now)
                self._waiting.append(job)
        return soonest

    def _beat_if_due(self, now: float) -> None:
        if now < self._beat_at:
            return
        self._beat_at = now + self._beat_seconds
        if self._beat is None:
            return
        try:
            self._beat()
        except Exception as error:  # noqa: BLE001 (the loop outlives it)
            if not isinstance(error, PortFailure):
                _log.exception("beat failed")
            else:
                _log.warning("beat failed", error=error.in_words())
            # Leases outlast a few beats, so the next one should not wait its whole turn.
            self._beat_at = now + min(self._beat_seconds, self._patience.pause(1))

    def _open_if_due(self, now: float) -> float:
        """Connect if it is time; return the seconds until it is."""
        if now < self._open_at:
            return self._open_at - now
        self._inbox.open()
        self._open, self._refusals, self.trouble = True, 0, None
        _log.info("listening")
        return 1.0

    def _lose_broker(self, error: BrokerUnavailable) -> None:
        """Forget the connection; what is being worked on goes on, and its message comes back."""
        self._open = False
        self._refusals += 1
        self.trouble = error
        pause = self._patience.pause(self._refusals)
        self._open_at = time.monotonic() + pause
        self._in_hand -= set(self._take_unstarted())
        for job in self._in_hand:
            job.orphaned = True
        self._inbox.close()
        _log.warning("broker lost", error=str(error), retry_in_seconds=round(pause, 1))

    def _drain(self) -> None:
        _log.info("stopping", in_hand=len(self._in_hand))
        deadline = time.monotonic() + self._patience.drain_seconds
        if self._on_stop is not None:
            self._on_stop()
        with suppress(BrokerUnavailable):
            self._inbox.stop_taking()
            self._give_back_unstarted()
        while self._in_hand and time.monotonic() < deadline:
            self._turn()
            with suppress(BrokerUnavailable):
                self._give_back_unstarted()
        if self._in_hand:
            _log.warning("left unfinished", in_hand=len(self._in_hand))
            if self._release is not None:
                try:
                    self._release()
                # Their leases run out all the same.
                except PortFailure as failure:
                    _log.warning("release failed", error=failure.in_words())
                except Exception:  # noqa: BLE001 (the process ends either way)
                    _log.exception("release failed")

    def _give_back_unstarted(self) -> None:
        unstarted = self._take_unstarted()
        self._in_hand -= set(unstarted)
        for job in unstarted:
            self._inbox.give_back(job.received)

    def _take_unstarted(self) -> list[_Job]:
        unstarted = list(self._waiting)
        self._waiting.clear()
        with suppress(queue.Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is not None:
                    unstarted.append(job)
        return unstarted

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._handle(job)
            self._ended.put(job)
            self._inbox.wake()

    def _handle(self, job: _Job) -> None:
        message = job.received.message
        handler = self._handlers[message.kind]
        with structlog.contextvars.bound_contextvars(
            correlation_id=message.correlation_id,
            kind=message.kind,
            **{handler.subject: str(message.subject_id)},
        ):
            started = time.perf_counter()
            job.tries += 1
            job.error, outcome = None, "done"
            try:
                result = handler.call(message.subject_id)
                outcome = "done" if result is None else str(result.value)
            except Exception as error:  # noqa: BLE001 (the loop outlives it)
                job.error, outcome = error, "error"
                # What somebody foresaw needs no traceback.
                if not isinstance(error, PortFailure | ApplicationError | DomainError):
                    _log.exception("handler failed unexpectedly")
            fields: dict[str, object] = {}
            if job.tries > 1:
                fields["tries"] = job.tries
            if job.received.redelivered:
                fields["redelivered"] = True
            if job.error is not None:
                fields["error"] = (
                    job.error.in_words()
                    if isinstance(job.error, PortFailure)
                    else f"{type(job.error).__name__}: {job.error}"
                )
            log = _log.info if job.error is None else _log.warning
            log(
                "message handled",
                outcome=outcome,
                ms=round((time.perf_counter() - started) * 1000, 1),
                **fields,
            )
