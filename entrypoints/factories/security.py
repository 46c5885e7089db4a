# ruff: noqa: PLC0415  # so that a process loads what it uses and nothing else
"""Passwords, tokens and keys."""

import hmac
from datetime import timedelta
from typing import Final

from application.accounts.session_tokens import SessionTokens
from application.ports.access_tokens import AccessTokens
from application.ports.clock import Clock
from application.ports.key_tokens import KeyTokens
from application.ports.opaque_tokens import OpaqueTokens
from application.ports.password_hasher import PasswordHasher
from application.ports.password_screening import NoScreening, PasswordScreening
from application.ports.signing_secrets import SigningSecrets
from entrypoints.mistakes import OperatorMistake
from entrypoints.settings import Settings

_KEY_ID: Final = "1"


def password_hasher(settings: Settings) -> PasswordHasher:
    from adapters.security.argon2_hasher import Argon2PasswordHasher

    return Argon2PasswordHasher(in_line=settings.http.in_line, turns=settings.data_dir / "run")


def password_screening(settings: Settings) -> PasswordScreening:
    if not settings.accounts.screen_passwords:
        return NoScreening()
    from adapters.security.common_passwords import CommonPasswords

    return CommonPasswords()


def access_tokens(settings: Settings, clock: Clock) -> AccessTokens:
    from adapters.security.jwt_tokens import JWTAccessTokens

    key = signing_key(settings, settings.tokens.key, "tokens")
    return JWTAccessTokens(
        {_KEY_ID: key}, _KEY_ID, issuer="safelight", audience="safelight", clock=clock
    )


def key_tokens() -> KeyTokens:
    from adapters.security.sha256_key_tokens import Sha256KeyTokens

    return Sha256KeyTokens()


def opaque_tokens(settings: Settings) -> OpaqueTokens:
    from adapters.security.sha256_opaque_tokens import Sha256OpaqueTokens

    return Sha256OpaqueTokens(lambda: signing_key(settings, settings.tokens.key, "tokens"))


def cursor_key(settings: Settings) -> bytes:
    """Return the key that marks cursors: one of its own, out of the one that signs tokens."""
    key = signing_key(settings, settings.tokens.key, "tokens")
    return hmac.digest(key, b"safelight: cursors", "sha256")


def session_tokens(
    settings: Settings, access_tokens: AccessTokens, opaque_tokens: OpaqueTokens
) -> SessionTokens:
    return SessionTokens(
        access_tokens,
        opaque_tokens,
        token_lifetime=timedelta(seconds=settings.tokens.lifetime_seconds),
        session_lifetime=timedelta(days=settings.sessions.lifetime_days),
        idle=timedelta(days=settings.sessions.idle_days),
    )


def signing_secrets(settings: Settings) -> SigningSecrets:
    from adapters.security.signing_secrets import DerivedSigningSecrets

    return DerivedSigningSecrets(signing_key(settings, settings.webhook.key, "webhooks"))


def signing_key(settings: Settings, given: str | None, name: str) -> bytes:
    """Return a key: the one that was *given*, or the file's of that *name*."""
    from adapters.security.key_files import KeyFileRefused, load_or_create_key

    if given is not None:
        return given.encode()
    path = settings.data_dir / "keys" / f"{name}.key"
    try:
        return load_or_create_key(path)
    except KeyFileRefused as refusal:
        raise OperatorMistake(str(refusal)) from refusal
    except OSError as error:
        raise OperatorMistake(f"the key {path} cannot be used: {error.strerror}") from error
