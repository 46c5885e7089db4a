"""Get into an account again whose password is forgotten."""

from datetime import datetime

import attrs

from application.accounts.post_letter import PostLetter
from application.audit import user_subject
from application.errors import InvalidMailedToken
from application.ports.clock import Clock
from application.ports.opaque_tokens import OpaqueTokens
from application.ports.password_hasher import PasswordHasher
from application.ports.password_screening import NoScreening, PasswordScreening
from application.ports.unit_of_work import Database, UnitOfWork
from domain.errors import PasswordCompromised
from domain.notifications.letter import LetterKind
from domain.users.audit import AuditAction, AuditOutcome, AuditRecord
from domain.users.user import User, checked_email, checked_password


@attrs.frozen
class ForgotPasswordRequest:
    """
    Whose password is forgotten.

    Attributes:
        address: Where the request came from, for the audit trail; None if nobody knows.
    """

    email: str
    address: str | None = attrs.field(default=None, eq=False)


@attrs.frozen
class ForgotPassword:
    """
    Have a letter sent to an address with which its owner may choose a new password.

    Whether the address has an account decides who the audit trail says it was about, and nothing
    else here: what is written, how long it takes and what is answered is the same for every
    address. What was typed is not kept there, and what sends no letter leaves no entry.

    Raises:
        InvalidParameter: It is no address.
    """

    database: Database
    post_letter: PostLetter

    def __call__(self, request: ForgotPasswordRequest) -> None:
        """Check the form, write letter and entry down."""
        email = checked_email(request.email)
        with self.database.writing() as work:
            if self.post_letter.if_few(work, LetterKind.PASSWORD_RESET, email, None):
                user = work.users.by_email(email)
                work.audit.add(
                    AuditRecord(
                        AuditAction.ASK_FOR_RESET,
                        AuditOutcome.DONE if user is not None else AuditOutcome.REFUSED,
                        address=request.address,
                        subject=None if user is None else user_subject(user.id),
                    )
                )
            work.commit()


@attrs.frozen
class ResetPasswordRequest:
    """
    What the letter held, and the password that is to be.

    Attributes:
        address: Where the request came from, for the audit trail; None if nobody knows.
    """

    token: str = attrs.field(repr=False)
    new: str = attrs.field(repr=False)
    address: str | None = attrs.field(default=None, eq=False)


@attrs.frozen
class ResetPassword:
    """
    Set a new password by the token of a letter, end all sessions of the account, say so by mail.

    Whoever has the letter has shown that the address is theirs, too. If nobody had before, whoever
    opened the account may be somebody else, so what they left open is closed with it.

    Raises:
        InvalidParameter: The new password has not the form it must have; the token stays good.
        PasswordCompromised: Everybody knows the new password; the token stays good.
        InvalidMailedToken: The token is not good, or the account has another address by now.
    """

    database: Database
    hasher: PasswordHasher
    opaque_tokens: OpaqueTokens
    post_letter: PostLetter
    clock: Clock
    screening: PasswordScreening = NoScreening()

    def __call__(self, request: ResetPasswordRequest) -> None:
        """Look, hash, use the token up and replace the password at once."""
        new = checked_password(request.new, pointer="/newPassword")
        if self.screening.is_known(new):
            raise PasswordCompromised(
                "must not be one of the passwords that everybody tries", pointer="/newPassword"
            )
        digest, now = self.opaque_tokens.digest(request.token), self.clock.now()
        kind = LetterKind.PASSWORD_RESET
        with self.database.reading() as work:
            letter = work.letters.by_token(kind, digest, now)
        if letter is None or letter.user_id is None:
            raise InvalidMailedToken
        new_hash = self.hasher.hash(new)
        with self.database.writing() as work:
            user = work.users.hold(letter.user_id)
            if user is None or not letter.is_to(user.email):
                raise InvalidMailedToken
            if not work.letters.use_token(kind, digest, now):
                raise InvalidMailedToken
            if user.email_verified_at is None:
                _close_what_is_open(work, user, now)
            work.users.update(
                attrs.evolve(
                    user,
                    password_hash=new_hash,
                    email_verified_at=user.email_verified_at or now,
                    updated_at=now,
                )
            )
            work.letters.void_tokens(user.id, kind, now)
            work.sessions.revoke_all_of(user.id, now)
            self.post_letter(work, LetterKind.PASSWORD_CHANGED, user.email, user.id)
            work.audit.add(
                AuditRecord(
                    AuditAction.RESET_PASSWORD,
                    user_id=user.id,
                    address=request.address,
                    subject=user_subject(user.id),
                )
            )
            work.commit()


def _close_what_is_open(work: UnitOfWork, user: User, now: datetime) -> None:
    """End the ways into, and out of, the account that need no password."""
    for key in work.api_keys.of_user(user.id):
        work.api_keys.revoke(user.id, key.id, now)
    for identity in work.identities.of_user(user.id):
        work.identities.remove(identity.id)
    for webhook in work.webhooks.of_user(user.id):
        work.webhooks.remove(user.id, webhook.id)
