"""Open an account."""

import attrs

from application.accounts.post_letter import PostLetter
from application.audit import user_subject
from application.idempotency import IdempotencyKey, RequestInProgress
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.password_hasher import PasswordHasher
from application.ports.password_screening import NoScreening, PasswordScreening
from application.ports.repositories.idempotency_keys import TwinRequest
from application.ports.repositories.users import EmailTaken, UsernameTaken
from application.ports.unit_of_work import Database, UnitOfWork
from domain.errors import PasswordCompromised
from domain.notifications.letter import LetterKind
from domain.users.audit import AuditAction, AuditOutcome, AuditRecord
from domain.users.impostors import check_unmistakable
from domain.users.roles import Role
from domain.users.user import User, checked_email, checked_password, checked_username


@attrs.frozen
class RegisterUserRequest:
    """
    What a newcomer sends.

    Attributes:
        address: Where the request came from, for the audit trail; None if nobody knows.
    """

    username: str
    email: str
    password: str = attrs.field(repr=False)
    idempotency: IdempotencyKey | None = None
    address: str | None = attrs.field(default=None, eq=False)


@attrs.frozen
class Registered:
    """The address has an account; *replayed* if an earlier request of the same key asked for it."""

    replayed: bool = False


@attrs.frozen
class RegisterUser:
    """
    Open an account with the role `user`.

    Who names an address that has an account is answered as anybody is: nobody finds out that way
    who is here. Its owner is told by mail, and nothing changes. Whoever goes on to sign in finds
    out after all: an account that is opened is open at once, as the system design has it.

    Raises:
        PasswordCompromised: Everybody knows the password.
        InvalidParameter: Name, address or password does not have the form it must have, or the
            name could be taken for another.
        UsernameTaken: Another account has the name, whatever its case.
        IdempotencyKeyReused: The key stands for another newcomer.
        RequestInProgress: The same request has come at the same time.

    Attributes:
        ask_to_verify: Whether newcomers get a letter by which to show that the address is theirs.
    """

    database: Database
    hasher: PasswordHasher
    clock: Clock
    ids: Ids
    screening: PasswordScreening = NoScreening()
    ask_to_verify: bool = False

    def __call__(self, request: RegisterUserRequest) -> Registered:
        """Check, hash, save."""
        username = checked_username(request.username)
        check_unmistakable(username, pointer="/username")
        email = checked_email(request.email)
        password = checked_password(request.password)
        if self.screening.is_known(password):
            raise PasswordCompromised(
                "must not be one of the passwords that everybody tries", pointer="/password"
            )
        # Asked first, so that a taken name costs no hash; the unique index still has the last word.
        with self.database.reading() as work:
            if request.idempotency and request.idempotency.reply(work) is not None:
                return Registered(replayed=True)
            if work.users.by_username(username) is not None:
                raise UsernameTaken("This user name is taken; choose another.")
        now = self.clock.now()
        user = User(
            id=self.ids.new(),
            username=username,
            email=email,
            password_hash=self.hasher.hash(password),
            roles=frozenset({Role.USER}),
            created_at=now,
            updated_at=now,
        )
        try:
            with self.database.writing() as work:
                if request.idempotency:
                    # First, or the twin would be told that its own address is taken.
                    request.idempotency.remember(work)
                # Asked anew: who took the name meanwhile may have the address, too.
                if work.users.by_username(username) is not None:
                    raise UsernameTaken("This user name is taken; choose another.")
                owner = work.users.by_email(email)
                if owner is None:
                    self._open(work, user, request)
                else:
                    self._tell_owner(work, owner, request)
                work.commit()
        except TwinRequest as twin:
            raise RequestInProgress from twin
        except EmailTaken:  # somebody was quicker
            return self(request)
        return Registered()

    def _open(self, work: UnitOfWork, user: User, request: RegisterUserRequest) -> None:
        work.users.add(user)
        work.audit.add(
            AuditRecord(
                AuditAction.REGISTER,
                user_id=user.id,
                address=request.address,
                subject=user_subject(user.id),
            )
        )
        if self.ask_to_verify:
            post_letter = PostLetter(self.ids, self.clock)
            post_letter.if_few(work, LetterKind.EMAIL_VERIFICATION, user.email, user.id)

    def _tell_owner(self, work: UnitOfWork, owner: User, request: RegisterUserRequest) -> None:
        work.audit.add(
            AuditRecord(
                AuditAction.REGISTER,
                AuditOutcome.REFUSED,
                address=request.address,
                subject=user_subject(owner.id),
                detail="the address has an account",
            )
        )
        post_letter = PostLetter(self.ids, self.clock)
        post_letter.if_few(work, LetterKind.ALREADY_REGISTERED, owner.email, owner.id)
