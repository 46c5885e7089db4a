"""Sign in."""

from datetime import timedelta

import attrs

from application.accounts.note_refused_sign_in import NoteRefusedSignIn
from application.accounts.throttle_guesses import ThrottleGuesses
from application.audit import user_subject
from application.errors import NotAuthenticated
from application.ports.access_tokens import AccessTokens
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.password_hasher import PasswordHasher
from application.ports.unit_of_work import Database
from domain.users.audit import AuditAction, AuditRecord
from domain.users.session import Session
from domain.users.user import MAX_PASSWORD_CHARACTERS


class WrongCredentials(NotAuthenticated):
    """The address or the password is wrong; which of them stays untold."""

    code = "wrong-credentials"


@attrs.frozen
class LogInRequest:
    """
    What a returning user sends.

    Attributes:
        address: Where the request came from, for the audit trail; None if nobody knows.
        site: What stands for that where guesses are counted.
    """

    email: str
    password: str = attrs.field(repr=False)
    address: str | None = attrs.field(default=None, eq=False)
    site: str = attrs.field(default="", eq=False)


@attrs.frozen
class LogIn:
    """
    Start a session and return its access token.

    An unknown address takes as long as a wrong password, and so does a disabled account, which is
    told no more than either.

    Raises:
        WrongCredentials: No account has this address with this password.
        TooManyRequests: There have been too many wrong passwords from where this one comes.
    """

    database: Database
    hasher: PasswordHasher
    tokens: AccessTokens
    clock: Clock
    ids: Ids
    session_lifetime: timedelta
    guesses: ThrottleGuesses
    note_refusal: NoteRefusedSignIn

    def __call__(self, request: LogInRequest) -> str:
        """Look up, verify, open a session."""
        self.guesses.begin(request.email, request.site)
        with self.database.reading() as work:
            user = work.users.by_email(request.email)
        # What cannot be a password is not hashed, so that a long one costs no more than a short.
        password = request.password if len(request.password) <= MAX_PASSWORD_CHARACTERS else ""
        known = self.hasher.verify(password, user.password_hash if user else None)
        if user is None or not known or user.disabled_at is not None:
            self.note_refusal(user, request.address, self.clock.now())
            raise WrongCredentials("No account has this address with this password; check both.")
        self.guesses.was_right(request.email, request.site)
        now = self.clock.now()
        session = Session(
            id=self.ids.new(),
            user_id=user.id,
            created_at=now,
            expires_at=now + self.session_lifetime,
        )
        outdated = self.hasher.is_outdated(user.password_hash)
        stronger = self.hasher.hash(password) if outdated else user.password_hash
        with self.database.writing() as work:
            work.sessions.add(session)
            work.audit.add(
                AuditRecord(
                    AuditAction.SIGN_IN,
                    user_id=user.id,
                    address=request.address,
                    subject=user_subject(user.id),
                )
            )
            # Read anew: hashing takes its time, and the profile may have changed meanwhile.
            current = work.users.hold(user.id) if outdated else None
            if current is not None and current.password_hash == user.password_hash:
                work.users.update(attrs.evolve(current, password_hash=stronger))
            work.commit()
        return self.tokens.issue(session)
