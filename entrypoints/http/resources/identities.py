"""Signing in through identity providers, and linking what they know of one to one's account."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypedDict

import attrs
import falcon

from application.accounts.begin_provider_sign_in import BeginLinkRequest, BegunSignIn
from application.accounts.finish_provider_sign_in import FinishSignInRequest
from application.accounts.list_identities import IdentitiesView
from application.accounts.session_tokens import SignedIn
from application.accounts.unlink_identity import UnlinkIdentityRequest
from application.actor import Actor
from application.errors import (
    AccountExists,
    IdentityLinked,
    IdentityNotAdmitted,
    IdentityNotProved,
    InsufficientScope,
    InvalidSignInState,
    LastWayIn,
    NoPassword,
    NotFound,
    ProviderEmailUnverified,
    SignInRefused,
    TooManyIdentities,
    TooManyRequests,
    WrongPassword,
)
from application.ports.identity_provider import (
    IdentityProviderBusy,
    IdentityProviderFailed,
    IdentityProviderSilent,
)
from application.ports.repositories.identities import IdentityTaken
from domain.errors import InvalidParameter
from domain.users.identity import ATTEMPT_LIFETIME, Identity
from domain.users.session import client_name
from entrypoints.http.authentication import Authentication, client_address
from entrypoints.http.client_address import site_of
from entrypoints.http.errors import RequestRefused
from entrypoints.http.openapi.operation import Answer, Bare, Header, Link, Parameter, operation
from entrypoints.http.openapi.schemas import Id, Moment
from entrypoints.http.payloads import PayloadReader, id_in_path, timestamp
from entrypoints.http.resources.sessions import TOKENS, write_tokens

_MAX_CHARACTERS: Final = 4_096
_OF_PROVIDERS: Final = (IdentityProviderFailed, IdentityProviderSilent, IdentityProviderBusy)


class IdentityDocument(TypedDict):
    """What opens an account besides its password; the provider is null for one that is gone."""

    id: Id
    provider: str | None
    issuer: str
    subject: str
    email: str | None
    createdAt: Moment
    lastUsedAt: Moment | None


class IdentityList(TypedDict):
    """What opens the caller's account."""

    hasPassword: bool
    identities: list[IdentityDocument]


class BegunDocument(TypedDict):
    """Where the browser has to go."""

    authorizationUrl: str


_SENT: Final = Bare(
    302,
    "The browser is sent to the provider.",
    headers=(
        Header("Location", "The provider's address.", is_sure=True),
        Header("Set-Cookie", "By which the browser is known again.", is_sure=True),
    ),
)
_LINKED: Final = Answer(200, IdentityDocument, "The identity is linked to the account.")
_LISTED: Final = Answer(
    200,
    IdentityList,
    "The identities.",
    links=(
        Link(
            "DELETE",
            "/api/auth/identities/{identity_id}",
            {"identity_id": "$response.body#/identities/0/id"},
        ),
    ),
)
_BEGUN: Final = Answer(200, BegunDocument, "It has begun.")
_UNLINKED: Final = Bare(204, "It opens the account no longer.")


def _text(text: str) -> str:
    if len(text) > _MAX_CHARACTERS or not text.isascii() or not text.isprintable():
        raise InvalidSignInState
    return text


def _of_the_provider(name: str, meaning: str) -> Parameter[str]:
    schema = {"type": "string", "maxLength": _MAX_CHARACTERS, "pattern": "^[ -~]*$"}
    return Parameter(name, _text, schema, meaning)


_STATE: Final = _of_the_provider("state", "As the provider was told it.")
_CODE: Final = _of_the_provider("code", "For which the provider gives tokens.")
_ERROR: Final = _of_the_provider("error", "Why the provider refuses.")
_ISSUER: Final = _of_the_provider("iss", "Who the provider is (RFC 9207).")

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.frozen
class BrowserCookie:
    """
    What a browser keeps while its user is at a provider: only it can finish what it has begun.

    `Lax` lets it come along when the provider sends the browser back, which is another site's
    doing; a page's script never sees it. Over TLS the prefix `__Host-` keeps pages of neighbouring
    hosts from setting one of their own (RFC 6265bis §4.1.3.2).
    """

    is_https: bool

    @property
    def name(self) -> str:
        return "__Host-safelight-sign-in" if self.is_https else "safelight-sign-in"

    def give(self, resp: falcon.Response, token: str) -> None:
        """Have the browser keep *token* for as long as it is good."""
        self._set(resp, token, max_age=int(ATTEMPT_LIFETIME.total_seconds()))

    def take_back(self, resp: falcon.Response) -> None:
        """Have the browser forget."""
        self._set(resp, "", expires=_LONG_AGO)

    def token_of(self, req: falcon.Request) -> str | None:
        """Return what the browser kept; of two, nobody knows which is ours."""
        kept = req.get_cookie_values(self.name) or []
        return kept[0] if len(kept) == 1 else None

    def _set(self, resp: falcon.Response, value: str, **until: Any) -> None:
        resp.set_cookie(
            self.name,
            value,
            path="/",
            secure=self.is_https,
            http_only=True,
            same_site="Lax",
            **until,
        )


@attrs.frozen
class SignInStart:
    """`/api/auth/oauth/{provider}/start`."""

    begin_sign_in: Callable[[str], BegunSignIn]
    cookie: BrowserCookie

    @operation(_SENT, refusals=(NotFound, *_OF_PROVIDERS))
    def on_get(self, _: falcon.Request, resp: falcon.Response, provider: str) -> None:
        """Send the browser to the provider."""
        begun = self.begin_sign_in(provider)
        self.cookie.give(resp, begun.browser_token)
        resp.set_header("Location", begun.url)
        _SENT.write(resp)

    on_head = on_get


@attrs.frozen
class SignInCallback:
    """`/api/auth/oauth/{provider}/callback`."""

    finish_sign_in: Callable[[FinishSignInRequest], SignedIn | Identity]
    cookie: BrowserCookie

    @operation(
        TOKENS,
        _LINKED,
        query=(_STATE, _CODE, _ERROR, _ISSUER),
        refusals=(
            NotFound, InvalidSignInState, SignInRefused, IdentityNotProved, *_OF_PROVIDERS,
            ProviderEmailUnverified, IdentityNotAdmitted, AccountExists, IdentityLinked,
            IdentityTaken, TooManyIdentities,
        ),
    )  # fmt: skip
    def on_get(self, req: falcon.Request, resp: falcon.Response, provider: str) -> None:
        """Sign in whom the provider vouches for, or link them; other parameters mean nothing."""
        finished = self.finish_sign_in(
            FinishSignInRequest(
                provider,
                _one(req, _STATE) or "",
                self.cookie.token_of(req),
                _one(req, _CODE),
                _one(req, _ERROR),
                _one(req, _ISSUER),
                client_name(req.get_header("User-Agent") or ""),
                client_address(req),
            )
        )
        self.cookie.take_back(resp)
        if isinstance(finished, SignedIn):
            write_tokens(resp, finished)
        else:
            _LINKED.write(resp, identity_document(finished, provider))

    on_head = on_get


@attrs.frozen
class LinkPayload:
    """Which provider, and the password, to show whose account it is."""

    provider: str
    current_password: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Identities:
    """`/api/auth/identities`."""

    authentication: Authentication
    list_identities: Callable[[Actor], IdentitiesView]
    begin_link: Callable[[BeginLinkRequest], BegunSignIn]
    payloads: PayloadReader
    cookie: BrowserCookie

    @operation(_LISTED, refusals=(InsufficientScope,))
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show what opens the caller's account."""
        view = self.list_identities(self.authentication(req))
        _LISTED.write(
            resp,
            {
                "hasPassword": view.has_password,
                "identities": [
                    identity_document(one, view.provider_names.get(one.issuer))
                    for one in view.identities
                ],
            },
        )

    on_head = on_get

    @operation(
        _BEGUN,
        body=LinkPayload,
        refusals=(
            InsufficientScope, NotFound, InvalidParameter, WrongPassword, NoPassword,
            TooManyRequests, *_OF_PROVIDERS,
        ),
    )  # fmt: skip
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Begin to link one: say where the browser has to go."""
        actor = self.authentication(req)
        payload = self.payloads.read(req, LinkPayload)
        site = site_of(req.context.address)
        begun = self.begin_link(
            BeginLinkRequest(actor, payload.provider, payload.current_password, site)
        )
        self.cookie.give(resp, begun.browser_token)
        _BEGUN.write(resp, {"authorizationUrl": begun.url})


@attrs.frozen
class OneIdentity:
    """`/api/auth/identities/{identityId}`."""

    authentication: Authentication
    unlink_identity: Callable[[UnlinkIdentityRequest], None]

    @operation(_UNLINKED, refusals=(InsufficientScope, NotFound, LastWayIn))
    def on_delete(self, req: falcon.Request, resp: falcon.Response, identity_id: str) -> None:
        """Unlink it."""
        actor = self.authentication(req)
        self.unlink_identity(UnlinkIdentityRequest(actor, id_in_path(identity_id)))
        _UNLINKED.write(resp)


def identity_document(identity: Identity, provider: str | None) -> IdentityDocument:
    """Return what the API tells of an identity; *provider* is None for one that is gone."""
    return {
        "id": str(identity.id),
        "provider": provider,
        "issuer": identity.issuer,
        "subject": identity.subject,
        "email": identity.email,
        "createdAt": timestamp(identity.created_at),
        "lastUsedAt": timestamp(identity.last_used_at),
    }


def _one(req: falcon.Request, parameter: Parameter[str]) -> str | None:
    """Return the parameter, None without it; of two, nobody knows which is meant."""
    if len(req.get_param_as_list(parameter.name) or []) > 1:
        raise RequestRefused(f"The address has more than one {parameter.name}.")
    return parameter.of(req)
