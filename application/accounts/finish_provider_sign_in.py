"""Let somebody in whom an identity provider vouches for."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final

import attrs

from application.accounts.known_providers import KnownProvider, Providers, provider_named
from application.accounts.link_identity import LinkIdentity
from application.accounts.note_refused_sign_in import NoteRefusedSignIn
from application.accounts.open_session import OpenSession
from application.accounts.session_tokens import SignedIn
from application.audit import user_subject
from application.errors import (
    AccountExists,
    AlreadyExists,
    IdentityNotAdmitted,
    InvalidSignInState,
    ProviderEmailUnverified,
    SignInRefused,
)
from application.ports.clock import Clock
from application.ports.identity_provider import ProviderAnswer
from application.ports.ids import Ids
from application.ports.opaque_tokens import OpaqueTokens
from application.ports.unit_of_work import Database, UnitOfWork
from domain.errors import InvalidParameter
from domain.users.audit import AuditAction, AuditRecord
from domain.users.identity import Identity, ProvenIdentity, SignInAttempt
from domain.users.roles import Role
from domain.users.user import (
    MAX_USERNAME_CHARACTERS,
    NO_PASSWORD,
    User,
    checked_email,
    checked_username,
)

_TRIES: Final = 3
_NUMBERED: Final = 9


@attrs.frozen
class FinishSignInRequest:
    """
    What the provider has sent back through the browser.

    Attributes:
        state: As it went out.
        browser_token: What the browser kept; None if it kept nothing.
        code: What the identity is to be had for; None if the provider refused.
        error: Why it did, in the words of RFC 6749 §4.1.2.1; None if it did not.
        issuer: Whose answer it says it is (RFC 9207).
        client: What their program calls itself, as `client_name` leaves it.
        address: Where the request came from, for the audit trail; None if nobody knows.
    """

    provider: str
    state: str = attrs.field(repr=False)
    browser_token: str | None = attrs.field(repr=False)
    code: str | None = attrs.field(default=None, repr=False)
    error: str | None = None
    issuer: str | None = None
    client: str = ""
    address: str | None = attrs.field(default=None, eq=False)


@attrs.frozen
class FinishProviderSignIn:
    """
    Believe a provider's answer once it is proved, then start a session, or link the identity.

    An identity opens the account that it is linked to, and no other: an address that both name
    links nothing, for who verified it there, and when, is the provider's word alone. Somebody new
    gets an account without a password, if the provider may open any.

    Raises:
        NotFound: There is no such provider.
        InvalidSignInState: This browser has begun no such sign-in, or it is over.
        SignInRefused: The provider did not let them in.
        IdentityNotProved: The answer does not show who they are.
        IdentityProviderFailed: The provider could not be asked.
        ProviderEmailUnverified: A verified address is needed, and there is none.
        IdentityNotAdmitted: They may not come by this provider, or their account is disabled.
        AccountExists: Somebody new has an address that has an account.
        IdentityLinked: What is to be linked opens another account.
        TooManyIdentities: The account has all that it may have.
    """

    database: Database
    providers: Providers
    opaque_tokens: OpaqueTokens
    open_session: OpenSession
    link_identity: LinkIdentity
    note_refusal: NoteRefusedSignIn
    clock: Clock
    ids: Ids

    def __call__(self, request: FinishSignInRequest) -> SignedIn | Identity:
        """Take the attempt, have it proved, sign in or link."""
        known = provider_named(self.providers, request.provider)
        attempt = self._take(request)
        if request.code is None:
            raise SignInRefused(_refusal(request.error))
        proven = known.provider.identify(
            ProviderAnswer(request.code, attempt.nonce, attempt.code_verifier, request.issuer)
        )
        known.admit(proven)
        for _ in range(_TRIES):
            try:
                if attempt.user_id is not None:
                    return self.link_identity(attempt, proven, request.address)
                return self._sign_in(known, proven, request)
            except AlreadyExists:  # somebody was quicker: judged anew by what there is now
                continue
        raise IdentityNotAdmitted

    def _take(self, request: FinishSignInRequest) -> SignInAttempt:
        digest, now = self.opaque_tokens.digest, self.clock.now()
        if request.browser_token is None:
            raise InvalidSignInState
        with self.database.writing(durable=False) as work:
            attempt = work.sign_in_attempts.take(
                digest(request.state), digest(request.browser_token), request.provider, now
            )
            work.commit()
        if attempt is None:
            raise InvalidSignInState
        return attempt

    def _sign_in(
        self, known: KnownProvider, proven: ProvenIdentity, request: FinishSignInRequest
    ) -> SignedIn:
        now = self.clock.now()
        with self.database.writing() as work:
            identity = work.identities.find(proven.issuer, proven.subject)
            if identity is None:
                identity = self._open_account(work, known, proven, request, now)
            user = work.users.hold(identity.user_id)
            is_let_in = user is not None and user.disabled_at is None
            if user is not None and is_let_in:
                signed_in = self.open_session(work, user, request.client, now)
                work.identities.note_use(identity.id, proven.email, now)
                work.audit.add(_record(AuditAction.SIGN_IN, user, known, request))
                work.commit()
        if not is_let_in:
            self.note_refusal(user, request.address, now)
            raise IdentityNotAdmitted
        return signed_in

    def _open_account(
        self,
        work: UnitOfWork,
        known: KnownProvider,
        proven: ProvenIdentity,
        request: FinishSignInRequest,
        now: datetime,
    ) -> Identity:
        """Add an account for somebody new, in the transaction that lets them in."""
        email = _usable_email(proven)
        if work.users.by_email(email) is not None:
            raise AccountExists(
                "An account has your e-mail address. Sign in to it by its password, and link this "
                "provider there with POST /api/auth/identities."
            )
        if not known.opens_accounts:
            raise IdentityNotAdmitted
        user_id = self.ids.new()
        names = _usernames(proven.name, email, str(user_id))
        user = User(
            id=user_id,
            username=next(name for name in names if work.users.by_username(name) is None),
            email=email,
            password_hash=NO_PASSWORD,
            roles=frozenset({Role.USER}),
            created_at=now,
            updated_at=now,
            email_verified_at=now,
        )
        identity = Identity(
            id=self.ids.new(),
            user_id=user.id,
            issuer=proven.issuer,
            subject=proven.subject,
            email=proven.email,
            created_at=now,
        )
        work.users.add(user)
        work.identities.add(identity)
        work.audit.add(_record(AuditAction.REGISTER, user, known, request))
        return identity


def _usable_email(proven: ProvenIdentity) -> str:
    """Return an address that letters may go to, or raise `ProviderEmailUnverified`."""
    try:
        return checked_email(proven.verified_email or "")
    except InvalidParameter:
        raise ProviderEmailUnverified(
            "The identity provider names no e-mail address of yours that it has verified, and an "
            "account needs one."
        ) from None


def _usernames(name: str | None, email: str, unique: str) -> Iterator[str]:
    """Yield user names for somebody new, the best first; the last one nobody has."""
    wished = email.partition("@")[0]
    if name is not None:
        with suppress(InvalidParameter):
            wished = checked_username(name.strip())
    yield wished
    stem = wished[: MAX_USERNAME_CHARACTERS - 2].rstrip()
    yield from (f"{stem}-{number}" for number in range(2, _NUMBERED + 1))
    yield f"user-{unique}"


def _refusal(error: str | None) -> str:
    if error == "access_denied":
        return "The identity provider did not let you in, or you cancelled there."
    return "The identity provider sent no code; begin again, or tell the operator."


def _record(
    action: AuditAction, user: User, known: KnownProvider, request: FinishSignInRequest
) -> AuditRecord:
    return AuditRecord(
        action,
        user_id=user.id,
        address=request.address,
        subject=user_subject(user.id),
        detail=f"provider:{known.name}",
    )
