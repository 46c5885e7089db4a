"""Access tokens as signed JWTs."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import jwt
from jwt.utils import base64url_decode, base64url_encode

from application.ports.access_tokens import AccessTokens, InvalidToken
from application.ports.clock import Clock
from domain.users.session import Session

MIN_KEY_BYTES = 32  # RFC 7518 §3.2: as long as the hash
MAX_LEEWAY = timedelta(seconds=30)
MAX_TOKEN_CHARACTERS = 1_024
_ALGORITHM = "HS256"
_TYPE = "at+jwt"  # RFC 9068 §2.1: nothing else that we sign may pass for an access token
_CLAIMS = ("exp", "iat", "iss", "aud", "sub", "jti")
_PARTS: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)


class JWTAccessTokens(AccessTokens):
    """
    HS256 tokens whose `sub` is the user and whose `jti` is the session.

    A token's header may say nothing but `alg`, `typ` and `kid`, and the key comes from our own
    map: nothing in a token chooses how it is checked (RFC 8725 §3). And there is one spelling of
    each: the library would take padding, line breaks and bits that stand for nothing as well, and
    of a member that comes twice the last.

    Attributes:
        keys: By key id; old ones stay until the last token that they signed has expired.
        current_kid: Signs new tokens.
        leeway: How far the clocks of our machines may be apart.
    """

    def __init__(
        self,
        keys: Mapping[str, bytes],
        current_kid: str,
        *,
        issuer: str,
        audience: str,
        clock: Clock,
        leeway: timedelta = timedelta(seconds=10),
    ) -> None:
        if any(len(key) < MIN_KEY_BYTES for key in keys.values()):
            raise ValueError(f"keys of access tokens need at least {MIN_KEY_BYTES} bytes")
        if current_kid not in keys:
            raise ValueError("the current key of access tokens is not among their keys")
        if not timedelta() <= leeway <= MAX_LEEWAY:
            raise ValueError("the leeway of access tokens is at most 30 seconds")
        self._keys = dict(keys)
        self._current_kid = current_kid
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._leeway = leeway.total_seconds()

    def issue(self, session: Session, *, issued_at: datetime, expires_at: datetime) -> str:
        """Sign the session's ids and the times."""
        return jwt.encode(
            {
                "iss": self._issuer,
                "aud": self._audience,
                "sub": str(session.user_id),
                "jti": str(session.id),
                "iat": int(issued_at.timestamp()),
                "exp": int(expires_at.timestamp()),
            },
            self._keys[self._current_kid],
            algorithm=_ALGORITHM,
            headers={"typ": _TYPE, "kid": self._current_kid},
        )

    def session_id(self, token: str) -> UUID:
        """Check header, signature, claims and times."""
        try:
            claims = jwt.decode(
                token,
                self._key_of(token),
                algorithms=[_ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                # Times are checked below: by our clock, and as numbers, where the library would
                # also take text.
                options={
                    "require": list(_CLAIMS),
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
            self._check_times(claims)
            UUID(claims["sub"])
            return UUID(claims["jti"])
        # A forger learns nothing from us: whatever is wrong, the answer is the same. Strange
        # content makes the library raise these kinds besides its own.
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidToken("The access token is not valid; sign in again.") from error

    def _key_of(self, token: str) -> bytes:
        if len(token) > MAX_TOKEN_CHARACTERS or _PARTS.fullmatch(token) is None:
            raise ValueError("no token of ours looks like this")
        first, second, _ = (_decoded(part) for part in token.split("."))
        header, claims = _members(first), _members(second)
        if header.keys() != {"alg", "typ", "kid"} or header["typ"] != _TYPE:
            raise ValueError("not a header of ours")
        if claims.keys() != set(_CLAIMS):
            raise ValueError("not the claims of ours")
        kid = header["kid"]
        if not isinstance(kid, str) or kid not in self._keys:
            raise ValueError("not a key of ours")
        return self._keys[kid]

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        if type(claims["exp"]) is not int or type(claims["iat"]) is not int:
            raise TypeError("times are whole seconds")
        now = self._clock.now().timestamp()
        if not claims["iat"] - self._leeway <= now < claims["exp"] + self._leeway:
            raise ValueError("too early or too late")


def _decoded(part: str) -> bytes:
    """Return what *part* stands for, or raise `ValueError` if it could be written otherwise."""
    data: bytes = base64url_decode(part)
    if base64url_encode(data).decode() != part:
        raise ValueError("written in another way than ours")
    return data


def _members(text: bytes) -> dict[str, Any]:
    """Return the members of an object, or raise `ValueError` if it is none or has one twice."""
    pairs = json.loads(text.decode("utf-8"), object_pairs_hook=_Pairs)
    if not isinstance(pairs, _Pairs) or len(members := dict(pairs)) < len(pairs):
        raise ValueError("not an object, or one with a member twice")
    return members


class _Pairs(list[tuple[str, Any]]):
    """The members of an object in their order, which no array is taken for."""
