"""Sign in."""

import attrs

from application.accounts.note_refused_sign_in import NoteRefusedSignIn
from application.accounts.open_session import OpenSession
from application.accounts.session_tokens import SessionTokens, SignedIn
from application.accounts.throttle_guesses import ThrottleGuesses
from application.audit import user_subject
from application.errors import NotAuthenticated
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.password_hasher import PasswordHasher
from application.ports.unit_of_work import Database
from domain.users.audit import AuditAction, AuditRecord
from domain.users.user import MAX_PASSWORD_CHARACTERS


class WrongCredentials(NotAuthenticated):
    """The address or the password is wrong; which of them stays untold."""

    code = "wrong-credentials"


@attrs.frozen
class LogInRequest:
    """
    What a returning user sends.

    Attributes:
        client: What their program calls itself, as `client_name` leaves it.
        address: Where the request came from, for the audit trail; None if nobody knows.
        site: What stands for that where guesses are counted.
    """

    email: str
    password: str = attrs.field(repr=False)
    client: str = ""
    address: str | None = attrs.field(default=None, eq=False)
    site: str = attrs.field(default="", eq=False)


@attrs.frozen
class LogIn:
    """
    Start a session and return its tokens.

    An unknown address takes as long as a wrong password, and so does a disabled account, which is
    told no more than either.

    Raises:
        WrongCredentials: No account has this address with this password.
        TooManyRequests: There have been too many wrong passwords from where this one comes.
        HasherBusy: Too many sign in at this moment.
    """

    database: Database
    hasher: PasswordHasher
    session_tokens: SessionTokens
    clock: Clock
    ids: Ids
    guesses: ThrottleGuesses
    note_refusal: NoteRefusedSignIn

    def __call__(self, request: LogInRequest) -> SignedIn:
        """Look up, verify, open a session."""
        # What cannot be a password is not hashed, so that a long one costs no more than a short.
        password = request.password if len(request.password) <= MAX_PASSWORD_CHARACTERS else ""
        with self.guesses.one(request.email, request.site):
            with self.database.reading() as work:
                user = work.users.by_email(request.email)
            has_password = user is not None and user.has_password
            known = self.hasher.verify(
                password, user.password_hash if user and has_password else None
            )
        if user is None or not known or user.disabled_at is not None:
            self.note_refusal(user, request.address, self.clock.now())
            raise WrongCredentials("No account has this address with this password; check both.")
        self.guesses.was_right(request.email, request.site)
        outdated = self.hasher.is_outdated(user.password_hash)
        stronger = self.hasher.hash(password) if outdated else user.password_hash
        now = self.clock.now()
        open_session = OpenSession(self.session_tokens, self.ids)
        with self.database.writing() as work:
            # Held and read anew: hashing takes its time, and meanwhile the profile may have
            # changed, or the password, or the account was disabled.
            current = work.users.hold(user.id)
            is_same = (
                current is not None
                and current.password_hash == user.password_hash
                and current.disabled_at is None
            )
            if current is not None and is_same:
                signed_in = open_session(work, current, request.client, now)
                if outdated:
                    work.users.update(attrs.evolve(current, password_hash=stronger))
                work.audit.add(
                    AuditRecord(
                        AuditAction.SIGN_IN,
                        user_id=user.id,
                        address=request.address,
                        subject=user_subject(user.id),
                    )
                )
                work.commit()
        if not is_same:
            return self(request)
        return signed_in
