"""End an account, whoever decides it: its owner, an administrator, an operator."""

from collections.abc import Sequence

import attrs

from application.accounts.begin_erasure import begin_erasure
from application.accounts.post_letter import PostLetter
from application.audit import Doer, record_of, user_subject
from application.errors import LastAdmin
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.unit_of_work import UnitOfWork
from domain.notifications.letter import LetterKind
from domain.users.audit import AuditAction
from domain.users.erasure import Erasure
from domain.users.user import User


@attrs.frozen
class EndAccount:
    """
    Let nobody in any more; write down what is to be destroyed, who wanted it, and a last letter.

    All of it in the caller's transaction: it is there, with the message that has it carried out, or
    none of it is.

    Raises:
        LastAdmin: Nobody would be left who looks after the platform.
    """

    ids: Ids
    clock: Clock

    def __call__(self, work: UnitOfWork, user: User, admins: Sequence[User], who: Doer) -> Erasure:
        """End the account of *user*, which is held, as *admins* are; return its receipt."""
        if [admin.id for admin in admins] == [user.id]:
            raise LastAdmin("Nobody else looks after the platform; make somebody admin first.")
        erasure = Erasure(id=self.ids.new(), user_id=user.id, requested_at=self.clock.now())
        erasure = erasure.with_counts(work.erasures.withdraw(user.id, user.email))
        begin_erasure(work, erasure)
        # After what was withdrawn, letters among it, and of nobody: it outlives the account.
        PostLetter(self.ids, self.clock)(work, LetterKind.ACCOUNT_ERASED, user.email, None)
        work.audit.add(
            record_of(
                who, AuditAction.ERASE_ACCOUNT, user_subject(user.id), f"erasure:{erasure.id}"
            )
        )
        return erasure
