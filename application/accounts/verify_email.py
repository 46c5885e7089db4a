"""Show that an address is one's own."""

import attrs

from application.accounts.post_letter import PostLetter
from application.actor import Actor
from application.audit import user_subject
from application.errors import InvalidMailedToken, NotFound
from application.ports.clock import Clock
from application.ports.opaque_tokens import OpaqueTokens
from application.ports.unit_of_work import Database
from domain.notifications.letter import LetterKind
from domain.users.audit import AuditAction, AuditRecord
from domain.users.roles import Permission


@attrs.frozen
class AskToVerifyEmail:
    """
    Have a letter sent to the actor's address by which they can show that it is theirs.

    Nothing is sent if that is known already, or if it has had enough of these letters lately.

    Raises:
        InsufficientScope: The actor is an API key.
    """

    database: Database
    post_letter: PostLetter

    def __call__(self, actor: Actor) -> None:
        """Look, write the letter down."""
        actor.require(Permission.MANAGE_ACCOUNT)
        with self.database.writing() as work:
            user = work.users.hold(actor.user_id)
            if user is None:
                raise NotFound
            if user.email_verified_at is None:
                self.post_letter.if_few(work, LetterKind.EMAIL_VERIFICATION, user.email, user.id)
                work.commit()


@attrs.frozen
class VerifyEmail:
    """
    Remember that an address is its account's, by the token of a letter that went there.

    Raises:
        InvalidMailedToken: The token is not good, or the account has another address by now.
    """

    database: Database
    opaque_tokens: OpaqueTokens
    clock: Clock

    def __call__(self, token: str, came_from: str | None = None) -> None:
        """Look, use the token up; *came_from* is an address for the audit trail."""
        digest, now = self.opaque_tokens.digest(token), self.clock.now()
        kind = LetterKind.EMAIL_VERIFICATION
        with self.database.reading() as work:
            letter = work.letters.by_token(kind, digest, now)
        if letter is None or letter.user_id is None:
            raise InvalidMailedToken
        with self.database.writing() as work:
            user = work.users.hold(letter.user_id)
            if user is None or not letter.is_to(user.email):
                raise InvalidMailedToken
            if not work.letters.use_token(kind, digest, now):
                raise InvalidMailedToken
            work.users.update(attrs.evolve(user, email_verified_at=user.email_verified_at or now))
            work.letters.void_tokens(user.id, kind, now)
            work.audit.add(
                AuditRecord(
                    AuditAction.VERIFY_EMAIL,
                    user_id=user.id,
                    address=came_from,
                    subject=user_subject(user.id),
                )
            )
            work.commit()
