"""Identities: who somebody is to a provider by which they sign in, and signing in by one."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import attrs

MAX_IDENTITIES: Final = 10
"""Of one account."""
ATTEMPT_LIFETIME: Final = timedelta(minutes=10)


@attrs.frozen
class Identity:
    """
    Somebody at a provider, linked to an account.

    Issuer and subject together say who it is, for good (OpenID Connect Core §5.7); an e-mail
    address passes from one person to the next, and is kept for its owner to recognise.

    Attributes:
        email: What the provider said when it was last used; None if it said nothing.
        last_used_at: When it last signed somebody in; None if it has only been linked.
    """

    id: UUID
    user_id: UUID
    issuer: str
    subject: str
    email: str | None
    created_at: datetime
    last_used_at: datetime | None = None


@attrs.frozen
class ProvenIdentity:
    """
    Who somebody is, as a provider has just vouched for.

    Attributes:
        email_verified: Whether the provider says so of `email`, expressly.
        name: What they are called there, for a user name; None if the provider does not tell.
    """

    issuer: str
    subject: str
    email: str | None = None
    email_verified: bool = False
    name: str | None = None

    @property
    def verified_email(self) -> str | None:
        """The address, if the provider has verified it."""
        return self.email if self.email_verified else None


@attrs.frozen
class SignInAttempt:
    """
    A sign-in that somebody has begun and that a provider is to answer, once.

    Attributes:
        state_sha256: Hex digest of what the provider sends back.
        browser_sha256: Hex digest of what the browser that began it keeps in a cookie.
        provider: The name by which it was begun.
        nonce: What the ID token has to repeat.
        code_verifier: Shows the provider that whoever has the code also began it (RFC 7636).
        user_id: Whom to link the identity to; None to sign in.
        session_id: By which they asked; None likewise.
    """

    state_sha256: str = attrs.field(repr=False)
    browser_sha256: str = attrs.field(repr=False)
    provider: str
    nonce: str = attrs.field(repr=False)
    code_verifier: str = attrs.field(repr=False)
    expires_at: datetime
    user_id: UUID | None = None
    session_id: UUID | None = None
