"""Remember that somebody was not let in."""

from datetime import datetime

import attrs

from application.audit import note_alone
from application.ports.errands import Errands
from application.ports.unit_of_work import Database
from application.sparing import FewAMinute
from domain.users.audit import AuditAction, AuditOutcome, AuditRecord
from domain.users.user import User


@attrs.frozen
class NoteRefusedSignIn:
    """
    Put a refused sign-in into the audit trail, in the background: no answer tells by its time.

    What was typed is not kept, because people type passwords into the wrong field. Nobody fills the
    table by guessing: what a minute brings beyond *noted* is told by the log alone.
    """

    database: Database
    errands: Errands
    noted: FewAMinute = attrs.field(factory=lambda: FewAMinute(120))

    def __call__(self, user: User | None, address: str | None, now: datetime) -> None:
        """Return at once."""
        if not self.noted.allow(now):
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
