"""Do so often a minute, and no more often."""

from datetime import datetime, timedelta
from typing import Final

import attrs

_MINUTE: Final = timedelta(minutes=1)


@attrs.define
class FewAMinute:
    """
    Counts what is done, so that nobody fills a table by having it done.

    Attributes:
        most: How often each process may do it within a minute.
    """

    most: int
    _since: datetime | None = attrs.field(default=None, init=False)
    _done: int = attrs.field(default=0, init=False)

    def allow(self, now: datetime) -> bool:
        """Return whether it may be done once more, and count it."""
        if self._since is None or now - self._since >= _MINUTE:
            self._since, self._done = now, 0
        self._done += 1
        return self._done <= self.most
