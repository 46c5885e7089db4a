"""Remember when an API key was last used."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import attrs

from application.ports.errands import Errands
from application.ports.unit_of_work import Database
from domain.users.api_key import APIKey

_MOST_REMEMBERED: Final = 10_000


@attrs.define
class NoteKeyUse:
    """
    Note a key's use in the background, once in a while: no request waits for it, or fails by it.

    A database that is slow or away is asked again no sooner than one that has answered, and a
    power cut may undo what was noted.

    Attributes:
        interval: How far behind the truth the note may be.
    """

    database: Database
    errands: Errands
    interval: timedelta = timedelta(minutes=1)
    _asked: dict[UUID, datetime] = attrs.field(factory=dict, init=False)

    def __call__(self, key: APIKey, now: datetime) -> None:
        """Return at once."""
        # What this process has asked for lately may not be in the row yet.
        for noted_at in (key.last_used_at, self._asked.get(key.id)):
            if noted_at is not None and now - noted_at < self.interval:
                return
        if len(self._asked) >= _MOST_REMEMBERED:
            self._asked.clear()  # costs a write a key, once
        self._asked[key.id] = now
        self.errands.run_soon(lambda: self._note(key.id, now))

    def _note(self, key_id: UUID, now: datetime) -> None:
        with self.database.writing(durable=False) as work:
            work.api_keys.note_use(key_id, now)
            work.commit()
