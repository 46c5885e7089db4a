"""The system's clock."""

from datetime import UTC, datetime

from application.ports.clock import Clock


class SystemClock(Clock):
    """Asks the operating system."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)
