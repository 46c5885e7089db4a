"""Stops the process where a test wants it stopped."""

import os
import signal

from application.ports.failpoints import Failpoints


class ArmedFailpoints(Failpoints):
    """
    Kills its own process at one named moment, as abruptly as a power cut would.

    Attributes:
        armed: The moment's name; None for a process that is to live, as in production.
    """

    def __init__(self, armed: str | None = None) -> None:
        self._armed = armed

    def reach(self, name: str) -> None:
        """Send SIGKILL to this process if *name* is armed."""
        if name == self._armed:
            os.kill(os.getpid(), signal.SIGKILL)
