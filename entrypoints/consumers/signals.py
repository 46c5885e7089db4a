"""Ending a process: politely at the first signal, at once at the second."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stopping_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """
    Call *stop* at the first SIGTERM or SIGINT, and leave the process at the second.

    Outside the main thread, which alone may handle signals, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = False

    def handle(number: int, _: FrameType | None) -> None:
        nonlocal heard
        if heard:
            # No clean-up: what is in hand comes back by its lease or by the closed connection.
            os._exit(128 + number)
        heard = True
        stop()

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
