"""Webhook secrets, derived from one key."""

import base64
import hashlib
import hmac
from uuid import UUID

from application.ports.signing_secrets import SigningSecrets

MIN_KEY_BYTES = 32


class DerivedSigningSecrets(SigningSecrets):
    """HMAC-SHA256 of the user's id: 32 bytes that nobody without the key can make."""

    def __init__(self, key: bytes) -> None:
        if len(key) < MIN_KEY_BYTES:
            raise ValueError(f"the key of webhook secrets needs at least {MIN_KEY_BYTES} bytes")
        self._key = key

    def webhook_secret(self, user_id: UUID) -> str:
        """Derive the user's secret; it changes only with the key."""
        derived = hmac.digest(self._key, f"webhook/v1/{user_id}".encode(), hashlib.sha256)
        return "whsec_" + base64.b64encode(derived).decode()
