"""Change one's password."""

import attrs

from application.accounts.confirm_password import ConfirmPassword
from application.accounts.post_letter import PostLetter
from application.accounts.throttle_guesses import ThrottleGuesses
from application.actor import Actor
from application.audit import record_of, user_subject
from application.errors import NotFound
from application.ports.clock import Clock
from application.ports.password_hasher import PasswordHasher
from application.ports.password_screening import NoScreening, PasswordScreening
from application.ports.unit_of_work import Database
from domain.errors import PasswordCompromised
from domain.notifications.letter import LetterKind
from domain.users.audit import AuditAction
from domain.users.roles import Permission
from domain.users.user import checked_password


@attrs.frozen
class ChangePasswordRequest:
    """
    The password that is, and the one that is to be.

    Attributes:
        site: Where the request came from, where guesses are counted.
    """

    actor: Actor
    current: str = attrs.field(repr=False)
    new: str = attrs.field(repr=False)
    site: str = attrs.field(default="", eq=False)


@attrs.frozen
class ChangePassword:
    """
    Change the actor's password, end all their other sessions, and tell them by mail.

    Raises:
        InsufficientScope: The actor is an API key.
        InvalidParameter: The new password does not have the form it must have.
        PasswordCompromised: Everybody knows the new password.
        NoPassword: The account has none to change; a letter sets the first.
        WrongPassword: The present password is another.
        TooManyRequests: There have been too many wrong ones from where this one comes.
    """

    database: Database
    hasher: PasswordHasher
    post_letter: PostLetter
    clock: Clock
    guesses: ThrottleGuesses
    screening: PasswordScreening = NoScreening()

    def __call__(self, request: ChangePasswordRequest) -> None:
        """Check, hash, replace."""
        actor = request.actor
        actor.require(Permission.MANAGE_ACCOUNT)
        new = checked_password(request.new, pointer="/newPassword")
        if self.screening.is_known(new):
            raise PasswordCompromised(
                "must not be one of the passwords that everybody tries", pointer="/newPassword"
            )
        with self.database.reading() as work:
            user = work.users.get(actor.user_id)
        if user is None:
            raise NotFound
        confirm_password = ConfirmPassword(self.hasher, self.guesses)
        confirm_password(user, request.current, request.site, pointer="/currentPassword")
        new_hash, now = self.hasher.hash(new), self.clock.now()
        with self.database.writing() as work:
            held = work.users.hold(user.id)
            is_same = held is not None and held.password_hash == user.password_hash
            if held is not None and is_same:
                work.users.update(attrs.evolve(held, password_hash=new_hash, updated_at=now))
                work.letters.void_tokens(held.id, LetterKind.PASSWORD_RESET, now)
                work.sessions.revoke_all_of(held.id, now, but=actor.session_id)
                self.post_letter(work, LetterKind.PASSWORD_CHANGED, held.email, held.id)
                work.audit.add(record_of(actor, AuditAction.CHANGE_PASSWORD, user_subject(held.id)))
                work.commit()
        if not is_same:  # somebody was quicker: judged anew by what it is now
            self(request)
