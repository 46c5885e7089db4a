"""ID tokens, verified (OpenID Connect Core §3.1.3.7)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Self

import attrs
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey, import_key

from application.ports.identity_provider import IdentityProviderFailed

# Signatures by a key of the provider's alone. `none` signs nothing, and HS256 signs by the client
# secret, or by whatever public key somebody takes for one.
_ALGORITHMS: Final = frozenset(
    f"{family}{size}" for family in ("RS", "PS", "ES") for size in (256, 384, 512)
)
_MIN_RSA_BITS: Final = 2048  # RFC 7518 §3.3
_MAX_KEYS: Final = 50
_MAX_TOKEN_CHARACTERS: Final = 32_768
_LEEWAY_SECONDS: Final = 60
"""How far a provider's clock may be off."""


class Rejected(Exception):
    """
    The ID token proves nothing; the message says why, to operators.

    Attributes:
        may_be_new_key: Whether the provider may have changed its keys since they were fetched.
    """

    def __init__(self, reason: str, *, may_be_new_key: bool = False) -> None:
        super().__init__(reason)
        self.may_be_new_key = may_be_new_key


@attrs.frozen
class SigningKeys:
    """The keys that a provider publishes, as far as it may sign ID tokens by them."""

    keys: KeySet
    fetched_at: datetime

    @classmethod
    def read(cls, document: Mapping[str, Any], now: datetime) -> Self:
        """Take what is of use in a JWK Set (RFC 7517), or raise `IdentityProviderFailed`."""
        published = document.get("keys")
        found: list[Key] = [
            key
            for one in (published if isinstance(published, list) else [])[:_MAX_KEYS]
            if (key := _usable(one)) is not None
        ]
        if not found:
            raise IdentityProviderFailed("the provider publishes no key that ID tokens may have")
        return cls(KeySet(found), now)


def verified_claims(
    tokens: Mapping[str, Any],
    keys: SigningKeys,
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    algorithms: Sequence[str],
    now: datetime,
) -> Mapping[str, Any]:
    """
    Return what the ID token among *tokens* says.

    Raises:
        Rejected: It is not of this issuer, for this client, of now, and to this nonce.
    """
    text = tokens.get("id_token")
    if not isinstance(text, str) or len(text) > _MAX_TOKEN_CHARACTERS:
        raise Rejected("there is no ID token")
    allowed = [algorithm for algorithm in algorithms if algorithm in _ALGORITHMS]
    try:
        token = jwt.decode(text, keys.keys, algorithms=allowed)
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": issuer},
                "sub": {"essential": True},
                "aud": {"essential": True, "value": client_id},
            },
            params={
                "nonce": nonce,
                "client_id": client_id,
                "access_token": tokens.get("access_token"),
            },
        )
        claims.validate(now=int(now.timestamp()), leeway=_LEEWAY_SECONDS)
    except (InvalidKeyIdError, BadSignatureError) as error:
        raise Rejected(f"ID token: {type(error).__name__}", may_be_new_key=True) from error
    # Strange content makes the libraries raise these kinds besides their own.
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Rejected(f"ID token: {type(error).__name__}: {error}") from error
    return dict(claims)


def _usable(document: object) -> RSAKey | ECKey | None:
    """Return the key if it may sign; a set may hold others, which are none of our business."""
    if not isinstance(document, dict) or document.get("use", "sig") != "sig":
        return None
    if document.get("kty") not in ("RSA", "EC"):
        return None
    try:
        key = import_key(document)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAKey):
        return key if key.public_key.key_size >= _MIN_RSA_BITS else None
    return key if isinstance(key, ECKey) else None
