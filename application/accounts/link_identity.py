"""Link an identity to an account whose owner has asked for it."""

import attrs

from application.accounts.post_letter import PostLetter
from application.audit import user_subject
from application.errors import IdentityLinked, InvalidSignInState, TooManyIdentities
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.unit_of_work import Database, UnitOfWork
from domain.notifications.letter import LetterKind
from domain.users.audit import AuditAction, AuditRecord
from domain.users.identity import MAX_IDENTITIES, Identity, ProvenIdentity, SignInAttempt
from domain.users.user import User


@attrs.frozen
class LinkIdentity:
    """
    Link a proved identity to the account by whose session that was begun, and tell by mail.

    Linking again what is linked to the account changes nothing.

    Raises:
        InvalidSignInState: The session has ended since, or the account was disabled.
        IdentityLinked: The identity opens another account.
        TooManyIdentities: The account has all that it may have.
        IdentityTaken: Somebody was quicker.
    """

    database: Database
    post_letter: PostLetter
    clock: Clock
    ids: Ids

    def __call__(
        self, attempt: SignInAttempt, proven: ProvenIdentity, address: str | None
    ) -> Identity:
        """Look whether they are still there, add; *address* is for the audit trail."""
        with self.database.writing() as work:
            user = self._still_signed_in(work, attempt)
            found = work.identities.find(proven.issuer, proven.subject)
            if found is not None:
                if found.user_id != user.id:
                    raise IdentityLinked(
                        "This identity opens another account; unlink it there first."
                    )
                return found
            if len(work.identities.of_user(user.id)) >= MAX_IDENTITIES:
                raise TooManyIdentities(
                    f"An account has at most {MAX_IDENTITIES} identities; unlink one first."
                )
            identity = Identity(
                id=self.ids.new(),
                user_id=user.id,
                issuer=proven.issuer,
                subject=proven.subject,
                email=proven.email,
                created_at=self.clock.now(),
            )
            work.identities.add(identity)
            self.post_letter(work, LetterKind.IDENTITY_LINKED, user.email, user.id)
            work.audit.add(
                AuditRecord(
                    AuditAction.LINK_IDENTITY,
                    user_id=user.id,
                    address=address,
                    subject=user_subject(user.id),
                    detail=f"provider:{attempt.provider} identity:{identity.id}",
                )
            )
            work.commit()
        return identity

    def _still_signed_in(self, work: UnitOfWork, attempt: SignInAttempt) -> User:
        user = None if attempt.user_id is None else work.users.hold(attempt.user_id)
        found = None if attempt.session_id is None else work.sessions.with_user(attempt.session_id)
        if user is None or user.disabled_at is not None or found is None:
            raise InvalidSignInState
        session, owner = found
        if owner.id != user.id or not session.is_live(self.clock.now()):
            raise InvalidSignInState
        return user
