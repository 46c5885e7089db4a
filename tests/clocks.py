"""Clocks for tests."""

from datetime import datetime, timedelta

from application.ports.clock import Clock
from tests.builders import NOON


class MovableClock(Clock):
    """Stands still at noon until a test moves it."""

    def __init__(self, moment: datetime = NOON) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def advance(self, by: timedelta) -> None:
        self.moment += by
