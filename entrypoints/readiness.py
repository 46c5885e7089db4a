"""Whether a process can do its work: what it needs is asked, briefly and not too often."""

import threading
import time
from collections.abc import Callable, Mapping
from queue import SimpleQueue

import structlog

from application.errors import PortFailure

_ANSWER_SECONDS = 1.5
"""Less than whoever asks for readiness waits: the Nomad jobs' checks give up after two seconds."""
_FRESH_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class NeedsMissing(Exception):
    """
    The process cannot do its work now; it will, without a restart, when they are back.

    Attributes:
        missing: What is missing, by its name, and why, in words for operators.
    """

    def __init__(self, missing: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in missing.items()))
        self.missing = missing


class Readiness:
    """
    Asks what a process needs: all at once, at most once a second, and waits for none for long.

    What has not answered in time is missing until it answers; no second question is put to it
    meanwhile. Thread-safe; a change is logged.

    Args:
        needs: By name, what returns if it is there and raises a `PortFailure` if not.
    """

    def __init__(
        self,
        needs: Mapping[str, Callable[[], None]],
        *,
        answer_seconds: float = _ANSWER_SECONDS,
        fresh_seconds: float = _FRESH_SECONDS,
    ) -> None:
        self._needs = {name: _Need(ask) for name, ask in needs.items()}
        self._answer_seconds = answer_seconds
        self._fresh_seconds = fresh_seconds
        self._lock = threading.Lock()
        self._fresh_until = 0.0
        self._missing: Mapping[str, str] = {}

    def missing(self) -> Mapping[str, str]:
        """Return what is missing, by its name, and why."""
        with self._lock:
            if time.monotonic() >= self._fresh_until:
                before, self._missing = self._missing, self._ask()
                self._fresh_until = time.monotonic() + self._fresh_seconds
                if self._missing.keys() - before.keys():
                    _log.warning("not ready", missing=self._missing)
                elif before and not self._missing:
                    _log.info("ready again")
            return self._missing

    def require(self) -> None:
        """Raise `NeedsMissing` if anything is missing."""
        missing = self.missing()
        if missing:
            raise NeedsMissing(missing)

    def _ask(self) -> Mapping[str, str]:
        for need in self._needs.values():
            need.ask()
        deadline = time.monotonic() + self._answer_seconds
        troubles = {
            name: need.trouble_by(deadline, f"no answer within {self._answer_seconds:g} s")
            for name, need in self._needs.items()
        }
        return {name: trouble for name, trouble in troubles.items() if trouble is not None}


class _Need:
    """One thing that is needed, asked by a thread of its own, which may be kept waiting."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._questions: SimpleQueue[threading.Event] = SimpleQueue()
        self._answered: threading.Event | None = None
        self._trouble: str | None = None
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        """Put the question, unless one is open."""
        if self._answered is not None and not self._answered.is_set():
            return
        if self._thread is None:
            # Started late, because threads do not outlive a fork; a daemon, so that what hangs
            # keeps no process from ending.
            self._thread = threading.Thread(target=self._answer, name="readiness", daemon=True)
            self._thread.start()
        self._answered = threading.Event()
        self._questions.put(self._answered)

    def trouble_by(self, deadline: float, silence: str) -> str | None:
        """Return what is wrong, None if nothing is, or *silence* if that is not known in time."""
        assert self._answered is not None
        if self._answered.wait(max(0.0, deadline - time.monotonic())):
            return self._trouble
        return silence

    def _answer(self) -> None:
        while True:
            answered = self._questions.get()
            try:
                self._check()
            except PortFailure as failure:
                self._trouble = f"{failure.code}: {str(failure).strip().partition(chr(10))[0]}"
            except Exception as error:  # noqa: BLE001 (the thread outlives it)
                _log.exception("readiness could not be found out")
                self._trouble = type(error).__name__
            else:
                self._trouble = None
            answered.set()
