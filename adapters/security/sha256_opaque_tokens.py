"""Opaque tokens, known again by their SHA-256."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from functools import cached_property
from typing import Final

from application.ports.opaque_tokens import OpaqueToken, OpaqueTokens

_PREFIX: Final = "st_"
_BYTES: Final = 32
_PURPOSE: Final = b"safelight: successors of opaque tokens"


class Sha256OpaqueTokens(OpaqueTokens):
    """
    `st_` and 256 bits in hex: 67 characters.

    The prefix lets programs that look for lost secrets find one. A token's successor is the HMAC of
    it under a key of ours, so that an answer that was lost can be given again without being kept.
    The key is asked for by the first successor: the notifier makes tokens alone, and has none.
    """

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._read_key = key

    @cached_property
    def _key(self) -> bytes:
        # A key of its own out of one that signs other things.
        return hmac.digest(self._read_key(), _PURPOSE, "sha256")

    def make(self) -> OpaqueToken:
        return _token(secrets.token_hex(_BYTES))

    def successor(self, text: str) -> OpaqueToken:
        return _token(hmac.digest(self._key, _bytes(text), "sha256").hex())

    def digest(self, text: str) -> str:
        return hashlib.sha256(_bytes(text)).hexdigest()


def _token(secret: str) -> OpaqueToken:
    text = _PREFIX + secret
    return OpaqueToken(text, hashlib.sha256(text.encode()).hexdigest())


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # whoever sends half a character has no token
