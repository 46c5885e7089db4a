"""Whether this process has been asked to stop; the one thing it remembers outside a request."""

import signal
import threading
from types import FrameType
from typing import Final

_asked: Final = threading.Event()


def is_draining() -> bool:
    """Whether new requests should go elsewhere."""
    return _asked.is_set()


def note_sigterm() -> None:
    """From now on remember a SIGTERM, then do what was done about it before."""
    before = signal.getsignal(signal.SIGTERM)

    def remember(number: int, frame: FrameType | None) -> None:
        _asked.set()
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, remember)
