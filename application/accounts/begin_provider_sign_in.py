"""Send somebody to an identity provider."""

import attrs

from application.accounts.confirm_password import ConfirmPassword
from application.accounts.known_providers import KnownProvider, Providers, provider_named
from application.actor import Actor
from application.errors import NotFound
from application.ports.clock import Clock
from application.ports.identity_provider import Challenge
from application.ports.opaque_tokens import OpaqueTokens
from application.ports.unit_of_work import Database
from domain.errors import InvalidParameter
from domain.users.identity import ATTEMPT_LIFETIME, SignInAttempt
from domain.users.roles import Permission


@attrs.frozen
class BegunSignIn:
    """
    Where to go, and what to come back with.

    Attributes:
        url: The provider's.
        browser_token: To be kept by the browser, out of the reach of its pages' scripts.
    """

    url: str = attrs.field(repr=False)
    browser_token: str = attrs.field(repr=False)


@attrs.frozen
class BeginAttempt:
    """
    Write down that a browser is sent to a provider, and return where it has to go.

    Raises:
        IdentityProviderFailed: The provider does not say where that is.
    """

    database: Database
    opaque_tokens: OpaqueTokens
    clock: Clock

    def __call__(self, known: KnownProvider, actor: Actor | None = None) -> BegunSignIn:
        """Ask, write down; *actor* is who wants to link what comes of it."""
        state, nonce, verifier, browser = (self.opaque_tokens.make() for _ in range(4))
        url = known.provider.authorization_url(Challenge(state.text, nonce.text, verifier.text))
        now = self.clock.now()
        attempt = SignInAttempt(
            state_sha256=state.sha256,
            browser_sha256=browser.sha256,
            provider=known.name,
            nonce=nonce.text,
            code_verifier=verifier.text,
            expires_at=now + ATTEMPT_LIFETIME,
            user_id=None if actor is None else actor.user_id,
            session_id=None if actor is None else actor.session_id,
        )
        # What a power cut undoes is begun again.
        with self.database.writing(durable=False) as work:
            work.sign_in_attempts.add(attempt, now)
            work.commit()
        return BegunSignIn(url, browser.text)


@attrs.frozen
class BeginProviderSignIn:
    """
    Begin to sign somebody in through a provider.

    Raises:
        NotFound: There is no such provider.
        IdentityProviderFailed: It does not say where to go.
    """

    providers: Providers
    begin: BeginAttempt

    def __call__(self, provider: str) -> BegunSignIn:
        """Look up, begin."""
        return self.begin(provider_named(self.providers, provider))


@attrs.frozen
class BeginLinkRequest:
    """
    Who wants to link what.

    Attributes:
        password: Theirs; None if they have none.
        site: Where the request came from, where guesses are counted.
    """

    actor: Actor
    provider: str
    password: str | None = attrs.field(default=None, repr=False)
    site: str = attrs.field(default="", eq=False)


@attrs.frozen
class BeginLink:
    """
    Begin to link an identity to the actor's account, by which it will be open from then on.

    Whoever is at somebody's open session must not make themselves a way in for good, so the
    password is asked for. An account without one is open to nobody but its identities.

    Raises:
        InsufficientScope: The actor is an API key.
        NotFound: There is no such provider.
        InvalidParameter: The password is missing.
        WrongPassword: It is another.
        TooManyRequests: There have been too many wrong ones from where this one comes.
        IdentityProviderFailed: The provider does not say where to go.
    """

    database: Database
    providers: Providers
    begin: BeginAttempt
    confirm_password: ConfirmPassword

    def __call__(self, request: BeginLinkRequest) -> BegunSignIn:
        """Look up, check, begin."""
        request.actor.require(Permission.MANAGE_ACCOUNT)
        known = provider_named(self.providers, request.provider)
        with self.database.reading() as work:
            user = work.users.get(request.actor.user_id)
        if user is None:
            raise NotFound
        pointer = "/currentPassword"
        if request.password is not None:
            self.confirm_password(user, request.password, request.site, pointer=pointer)
        elif user.has_password:
            raise InvalidParameter("is missing", pointer=pointer)
        return self.begin(known, request.actor)
