"""Tokens of API keys, known again by the SHA-256 of their secret."""

import hashlib
import hmac
import re
import secrets
from typing import Final
from uuid import UUID

from application.ports.key_tokens import KeyTokens, NewToken, PresentedToken

_SECRET_BYTES: Final = 32
# Hex: one spelling for one token, and a double click selects all of it.
_TOKEN: Final = re.compile(r"sl_(?P<id>[0-9a-f]{32})_(?P<secret>[0-9a-f]{64})", re.ASCII)


class Sha256KeyTokens(KeyTokens):
    """
    `sl_`, the key's id, `_` and the secret, both in hex: 100 characters.

    The prefix lets programs that look for lost secrets find one. A password needs a slow hash
    because people choose few; nobody tries through 2²⁵⁶ secrets, however fast each try is, and
    this one is checked on every request.
    """

    def make(self, key_id: UUID) -> NewToken:
        """Draw a secret from the system's randomness."""
        secret = secrets.token_hex(_SECRET_BYTES)
        return NewToken(f"sl_{key_id.hex}_{secret}", _digest(secret))

    def read(self, token: str) -> PresentedToken | None:
        """Take the token apart."""
        match = _TOKEN.fullmatch(token)
        return None if match is None else PresentedToken(UUID(match["id"]), match["secret"])

    def is_secret_of(self, presented: PresentedToken, secret_sha256: str) -> bool:
        """Compare digests, each character of them."""
        return hmac.compare_digest(_digest(presented.secret), secret_sha256)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
