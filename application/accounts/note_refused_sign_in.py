"""Remember that somebody was not let in."""

from datetime import datetime, timedelta
from typing import Final

import attrs

from application.audit import note_alone
from application.ports.errands import Errands
from application.ports.unit_of_work import Database
from domain.users.audit import AuditAction, AuditOutcome, AuditRecord
from domain.users.user import User

_MINUTE: Final = timedelta(minutes=1)


@attrs.define
class NoteRefusedSignIn:
    """
    Put a refused sign-in into the audit trail, in the background: no answer tells by its time.

    What was typed is not kept, because people type passwords into the wrong field. Nobody fills the
    table by guessing: what a minute brings beyond `most_a_minute` is told by the log alone.

    Attributes:
        most_a_minute: How many each process writes at most.
    """

    database: Database
    errands: Errands
    most_a_minute: int = 120
    _since: datetime | None = attrs.field(default=None, init=False)
    _noted: int = attrs.field(default=0, init=False)

    def __call__(self, user: User | None, address: str | None, now: datetime) -> None:
        """Return at once."""
        if self._since is None or now - self._since >= _MINUTE:
            self._since, self._noted = now, 0
        self._noted += 1
        if self._noted > self.most_a_minute:
            return
        disabled = user is not None and user.disabled_at is not None
        record = AuditRecord(
            AuditAction.SIGN_IN,
            AuditOutcome.REFUSED,
            address=address,
            subject=None if user is None else f"user:{user.id}",
            detail="the account is disabled" if disabled else None,
        )
        self.errands.run_soon(lambda: note_alone(self.database, record))
