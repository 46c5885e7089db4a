"""An identity provider that speaks OpenID Connect, by the authorization code flow with PKCE."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import attrs
import orjson
import structlog
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client

from adapters.identity.id_tokens import Rejected, SigningKeys, verified_claims
from adapters.identity.provider_metadata import ProviderMetadata
from adapters.outbound.guarded_client import Answer, GuardedClient
from adapters.outbound.rules import CallFailed, CallForbidden, CallTimedOut
from application.errors import IdentityNotProved
from application.ports.clock import Clock
from application.ports.identity_provider import (
    Challenge,
    IdentityProvider,
    IdentityProviderBusy,
    IdentityProviderFailed,
    IdentityProviderSilent,
    ProviderAnswer,
)
from domain.users.identity import ProvenIdentity

_log: Final = structlog.get_logger(__name__)

SCOPE: Final = "openid email profile"
_KEPT_FOR: Final = timedelta(hours=1)
"""How long a provider's metadata and keys are believed without being asked for again."""
_KEYS_REST: Final = timedelta(seconds=30)
"""How often at most keys are asked for again because a token names one that is not among them."""
_MAX_SUBJECT_CHARACTERS: Final = 255  # OpenID Connect Core §2
_MAX_TEXT_CHARACTERS: Final = 320
_JSON: Final = {"Accept": "application/json", "User-Agent": "Safelight/1"}


@attrs.frozen
class Registration:
    """
    What provider and we have agreed upon.

    Attributes:
        issuer: As its ID tokens name it, to the letter.
        redirect_uri: Where it sends browsers back to.
    """

    issuer: str
    client_id: str
    client_secret: str = attrs.field(repr=False)
    redirect_uri: str


class OIDCProvider(IdentityProvider):
    """
    Asks a provider where things are, exchanges codes, and verifies ID tokens.

    What the provider says of itself, and its keys, are kept for an hour. A token that is signed by
    another key makes us look again, so that a provider may change its keys at any time.

    Attributes:
        at_once: How many calls may be under way; whoever comes then is refused at once, so that a
            provider that hangs does not hold the threads of everybody else.
    """

    def __init__(
        self,
        registration: Registration,
        client: GuardedClient,
        clock: Clock,
        *,
        at_once: int = 4,
    ) -> None:
        self._registration = registration
        self._client = client
        self._clock = clock
        self._turnstile = threading.BoundedSemaphore(at_once)
        self._metadata: ProviderMetadata | None = None
        self._keys: SigningKeys | None = None

    def authorization_url(self, challenge: Challenge) -> str:
        """Put the question, the challenge's digests and our name into the provider's address."""
        metadata = self._current_metadata()
        url, _ = self._oauth(metadata).create_authorization_url(
            metadata.authorization_endpoint,
            state=challenge.state,
            code_verifier=challenge.code_verifier,
            nonce=challenge.nonce,
        )
        return str(url)

    def identify(self, answer: ProviderAnswer) -> ProvenIdentity:
        """Exchange the code, verify the ID token, ask for the address if it names none."""
        metadata = self._current_metadata()
        try:
            self._check_sender(metadata, answer.issuer)
            tokens = self._exchange(metadata, answer)
            claims = self._verify(metadata, tokens, answer.nonce)
            if "email" not in claims and metadata.userinfo_endpoint is not None:
                claims = self._ask_for_more(metadata.userinfo_endpoint, tokens, claims)
            return self._identity_from(claims)
        except Rejected as rejected:
            _log.warning(
                "identity not proved", issuer=self._registration.issuer, reason=str(rejected)
            )
            raise IdentityNotProved(str(rejected)) from rejected

    def _check_sender(self, metadata: ProviderMetadata, issuer: str | None) -> None:
        """Refuse what comes from another provider than the one that was asked (RFC 9207 §2.4)."""
        if issuer is None and metadata.names_itself:
            raise Rejected("the answer does not name its issuer, as this provider's do")
        if issuer is not None and issuer != self._registration.issuer:
            raise Rejected("the answer names another issuer")

    def _exchange(self, metadata: ProviderMetadata, answer: ProviderAnswer) -> Mapping[str, Any]:
        try:
            tokens: Mapping[str, Any] = self._oauth(metadata).fetch_token(
                metadata.token_endpoint,
                grant_type="authorization_code",
                code=answer.code,
                code_verifier=answer.code_verifier,
            )
        except OAuth2Error as error:
            if error.error == "invalid_grant":
                raise Rejected("the provider does not take the code") from error
            # Our own registration is wrong, or the provider is out of order; neither is the
            # caller's doing. What it says beside the word may hold anything, and is not told.
            raise IdentityProviderFailed(
                f"the token endpoint refuses us: {_word(error.error)}"
            ) from error
        except (ValueError, TypeError) as error:
            raise IdentityProviderFailed("the token endpoint answers no JSON object") from error
        return tokens

    def _verify(
        self, metadata: ProviderMetadata, tokens: Mapping[str, Any], nonce: str
    ) -> Mapping[str, Any]:
        def verify(keys: SigningKeys) -> Mapping[str, Any]:
            return verified_claims(
                tokens,
                keys,
                issuer=self._registration.issuer,
                client_id=self._registration.client_id,
                nonce=nonce,
                algorithms=metadata.algorithms,
                now=self._clock.now(),
            )

        keys = self._current_keys(metadata)
        try:
            return verify(keys)
        except Rejected as rejected:
            is_rested = self._clock.now() >= keys.fetched_at + _KEYS_REST
            if not (rejected.may_be_new_key and is_rested):
                raise
        return verify(self._fetch_keys(metadata))

    def _ask_for_more(
        self, url: str, tokens: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Add what the provider tells at its userinfo endpoint (OpenID Connect Core §5.3)."""
        access_token = tokens.get("access_token")
        if not isinstance(access_token, str) or not _is_visible(access_token):
            return claims
        more = self._read(url, {"Authorization": f"Bearer {access_token}"})
        if more.get("sub") != claims["sub"]:
            raise Rejected("userinfo is about somebody else")
        return {**more, **claims}

    def _identity_from(self, claims: Mapping[str, Any]) -> ProvenIdentity:
        subject = claims["sub"]
        if not _is_line(subject, _MAX_SUBJECT_CHARACTERS):
            raise Rejected("the subject is no line of at most 255 characters")
        email = claims.get("email")
        names = (claims.get("preferred_username"), claims.get("name"))
        return ProvenIdentity(
            issuer=self._registration.issuer,
            subject=subject,
            email=email if _is_line(email, _MAX_TEXT_CHARACTERS) else None,
            # Nothing but the JSON value counts: texts such as "false" would be true.
            email_verified=claims.get("email_verified") is True,
            name=next((name for name in names if _is_line(name, _MAX_TEXT_CHARACTERS)), None),
        )

    def _oauth(self, metadata: ProviderMetadata) -> OAuth2Client:
        registration = self._registration
        return OAuth2Client(
            _Session(self._call),
            client_id=registration.client_id,
            client_secret=registration.client_secret,
            token_endpoint_auth_method=metadata.client_authentication,
            scope=SCOPE,
            redirect_uri=registration.redirect_uri,
            code_challenge_method="S256",
        )

    def _current_metadata(self) -> ProviderMetadata:
        # Two threads may both find it old and ask; the later answer stays.
        metadata, now = self._metadata, self._clock.now()
        if metadata is None or now >= metadata.fetched_at + _KEPT_FOR:
            issuer = self._registration.issuer
            document = self._read(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            metadata = self._metadata = ProviderMetadata.read(document, issuer, now)
        return metadata

    def _current_keys(self, metadata: ProviderMetadata) -> SigningKeys:
        keys = self._keys
        if keys is None or self._clock.now() >= keys.fetched_at + _KEPT_FOR:
            return self._fetch_keys(metadata)
        return keys

    def _fetch_keys(self, metadata: ProviderMetadata) -> SigningKeys:
        keys = SigningKeys.read(self._read(metadata.jwks_uri), self._clock.now())
        self._keys = keys
        return keys

    def _read(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the JSON object at *url*, or raise `IdentityProviderFailed`."""
        answer = self._call("GET", url, {**_JSON, **(headers or {})}, b"")
        if answer.status != 200:
            raise IdentityProviderFailed(f"the provider answers {answer.status}")
        try:
            document = orjson.loads(answer.body)
        except ValueError as error:
            raise IdentityProviderFailed("the provider answers no JSON") from error
        if not isinstance(document, dict):
            raise IdentityProviderFailed("the provider answers no JSON object")
        return document

    def _call(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            with self._one_of_few():
                return self._client.fetch(method, url, headers, body)
        except CallTimedOut as error:
            raise IdentityProviderSilent(f"{self._registration.issuer}: {error}") from error
        except (CallForbidden, CallFailed) as error:
            raise IdentityProviderFailed(f"{self._registration.issuer}: {error}") from error

    @contextmanager
    def _one_of_few(self) -> Iterator[None]:
        if not self._turnstile.acquire(blocking=False):
            raise IdentityProviderBusy("too many wait for the identity provider already")
        try:
            yield
        finally:
            self._turnstile.release()


@attrs.frozen
class _Reply:
    """As much of a response as Authlib's client reads."""

    status_code: int
    content: bytes

    def json(self) -> Any:
        return orjson.loads(self.content)

    def raise_for_status(self) -> None:
        raise IdentityProviderFailed(f"the token endpoint answers {self.status_code}")


class _Session:
    """As much of an HTTP library as Authlib's client uses, on our own way out."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def post(
        self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: ClientAuth
    ) -> _Reply:
        url, headers, body = auth.prepare("POST", url, {**headers, **_JSON}, urlencode(data))
        answer = self._call("POST", url, headers, body.encode())
        reply = _Reply(answer.status, answer.body)
        if answer.status != 200 and not 400 <= answer.status < 500:
            reply.raise_for_status()
        return reply


def _is_line(value: object, most: int) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= most and value.isprintable()


def _is_visible(text: str) -> bool:
    """Whether *text* may stand in a header."""
    return bool(text) and all("!" <= character <= "~" for character in text)


def _word(error: object) -> str:
    text = str(error)
    return text if text.isascii() and text.replace("_", "").isalnum() else "for an odd reason"
