"""Errands run by a thread of this process."""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from application.errors import PortFailure
from application.ports.errands import Errands

_log: Final = structlog.get_logger(__name__)


class ThreadErrands(Errands):
    """
    One thread, started with the first errand, that runs them one after the other.

    It ends with the process and holds its end up by nothing. A fork does not take it along, so
    whoever forks does it before the first errand.

    Args:
        most_waiting: Beyond so many an errand is dropped.
    """

    def __init__(self, *, most_waiting: int = 100) -> None:
        self._waiting = queue.Queue[Callable[[], None]](most_waiting)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def run_soon(self, errand: Callable[[], None]) -> None:
        """Put *errand* at the end of the line; who calls waits for nothing."""
        with suppress(queue.Full):
            self._waiting.put_nowait(errand)
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="errands", daemon=True)
                self._thread.start()

    def finish(self) -> None:
        """Wait until no errand is left."""
        self._waiting.join()

    def _run(self) -> None:
        while True:
            errand = self._waiting.get()
            try:
                errand()
            except PortFailure as failure:
                _log.warning("errand failed", error=failure.in_words())
            except Exception as error:  # noqa: BLE001  # the next one is not to suffer for it
                _log.warning("errand failed", exc_info=error)
            finally:
                self._waiting.task_done()
                del errand  # or what it holds would live until the next one comes
