"""What whoever has signed in is handed, and for how long."""

from datetime import datetime, timedelta

import attrs

from application.ports.access_tokens import AccessTokens
from application.ports.opaque_tokens import OpaqueToken, OpaqueTokens
from domain.users.session import Session


@attrs.frozen
class SignedIn:
    """
    The tokens of a session.

    Attributes:
        access_token: Opens doors, for minutes.
        refresh_token: Gets the next pair, once.
    """

    access_token: str = attrs.field(repr=False)
    refresh_token: str = attrs.field(repr=False)


@attrs.frozen
class SessionTokens:
    """
    How tokens are given out, and how long they and their sessions last.

    Attributes:
        token_lifetime: Of an access token; it never outlives its session.
        session_lifetime: Of a session, however much it is used.
        idle: After this without use a session ends.
    """

    access_tokens: AccessTokens
    opaque_tokens: OpaqueTokens
    token_lifetime: timedelta
    session_lifetime: timedelta
    idle: timedelta

    def hand_out(self, session: Session, refresh_token: OpaqueToken, now: datetime) -> SignedIn:
        """Return a new access token of *session* beside *refresh_token*."""
        expires_at = min(now + self.token_lifetime, session.ends_at)
        return SignedIn(
            self.access_tokens.issue(session, issued_at=now, expires_at=expires_at),
            refresh_token.text,
        )
