"""Change a profile."""

import attrs

from application.accounts.confirm_password import ConfirmPassword
from application.accounts.post_letter import PostLetter
from application.accounts.throttle_guesses import ThrottleGuesses
from application.actor import Actor
from application.audit import record_of, user_subject
from application.errors import NotFound
from application.ports.clock import Clock
from application.ports.password_hasher import PasswordHasher
from application.ports.unit_of_work import Database, UnitOfWork
from domain.errors import InvalidParameter
from domain.notifications.letter import LetterKind
from domain.users.audit import AuditAction
from domain.users.impostors import check_unmistakable
from domain.users.roles import Permission
from domain.users.user import User, checked_email, checked_username


@attrs.frozen
class UpdateProfileRequest:
    """
    The changes; None leaves a thing as it is.

    Attributes:
        current_password: Has to be right if it is given.
        site: Where the request came from, where guesses are counted.
    """

    actor: Actor
    username: str | None = None
    email: str | None = None
    current_password: str | None = attrs.field(default=None, repr=False)
    site: str = attrs.field(default="", eq=False)


@attrs.frozen
class UpdateProfile:
    """
    Change the actor's own user name, address or both.

    A new address has to be verified anew, and the old one is told by mail.

    Raises:
        NoPassword: The password was given, and the account has none.
        WrongPassword: The password was given, and is another.
        TooManyRequests: There have been too many wrong ones from where this one comes.
        NotAllowed: The actor may not; with an API key nobody may.
        InvalidParameter: A new value does not have the form it must have, or the name could be
            taken for another, or the password is missing.
        UsernameTaken: Another account has the name.
        EmailTaken: Another account has the address.

    Attributes:
        password_for_address: Whether a new address takes the password, of those who have one.
    """

    database: Database
    hasher: PasswordHasher
    post_letter: PostLetter
    clock: Clock
    guesses: ThrottleGuesses
    password_for_address: bool = False

    def __call__(self, request: UpdateProfileRequest) -> None:
        """Check, load, replace."""
        request.actor.require(Permission.MANAGE_ACCOUNT)
        username = None if request.username is None else checked_username(request.username)
        email = None if request.email is None else checked_email(request.email)
        if request.current_password is not None:
            self._check_password(request.actor, request.current_password, request.site)
        with self.database.writing() as work:
            user = work.users.hold(request.actor.user_id)
            if user is None:
                raise NotFound
            if username not in (None, user.username):  # an operator may have given them another
                check_unmistakable(username or "", pointer="/username")
            changed = attrs.evolve(
                user,
                username=username or user.username,
                email=email or user.email,
                updated_at=self.clock.now(),
            )
            if changed.email != user.email:
                self._require_password(user, request)
                changed = attrs.evolve(changed, email_verified_at=None)
                self._tell(work, user, changed)
            work.users.update(changed)
            changes = [
                name
                for name in ("username", "email")
                if getattr(changed, name) != getattr(user, name)
            ]
            if changes:
                work.audit.add(
                    record_of(
                        request.actor,
                        AuditAction.CHANGE_PROFILE,
                        user_subject(user.id),
                        ", ".join(changes),
                    )
                )
            work.commit()

    def _require_password(self, user: User, request: UpdateProfileRequest) -> None:
        if self.password_for_address and user.has_password and request.current_password is None:
            raise InvalidParameter("is missing", pointer="/currentPassword")

    def _check_password(self, actor: Actor, given: str, site: str) -> None:
        with self.database.reading() as work:
            user = work.users.get(actor.user_id)
        if user is None:
            raise NotFound
        confirm_password = ConfirmPassword(self.hasher, self.guesses)
        confirm_password(user, given, site, pointer="/currentPassword")

    def _tell(self, work: UnitOfWork, before: User, after: User) -> None:
        """Tell the address that was, and ask the one that is whether it is theirs."""
        self.post_letter(work, LetterKind.EMAIL_CHANGED, before.email, before.id)
        self.post_letter.if_few(work, LetterKind.EMAIL_VERIFICATION, after.email, after.id)
