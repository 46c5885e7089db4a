"""Accounts, and how they show who they are."""

from typing import Final

import attrs

from domain.users.roles import PERMISSIONS, Permission
from entrypoints.settings import forms as form
from entrypoints.settings.field import setting
from entrypoints.settings.identity_providers import ProviderSettings, providers_file

# Whoever looks after the presets that others are confined to must not be.
_CONFINABLE_ROLES: Final = tuple(
    role.value
    for role, permissions in PERMISSIONS.items()
    if Permission.MANAGE_SHARED_PRESETS not in permissions
)


@attrs.frozen
class AccountsSettings:
    """What is asked of accounts."""

    screen_passwords: bool = setting(
        False, form.flag(), "Whether the 30,000 passwords that people choose most are refused."
    )
    verified_email: bool = setting(
        False,
        form.flag(),
        "Whether an e-mail address has to be verified before its account may upload; newcomers "
        "then get a letter.",
    )
    password_for_address: bool = setting(
        False,
        form.flag(),
        "Whether changing the e-mail address takes the present password, `currentPassword`.",
    )


@attrs.frozen
class TokensSettings:
    """Access tokens."""

    lifetime_seconds: int = setting(
        900,
        form.whole(10, 30 * 86_400),
        "How long an access token is good; a refresh token gets the next one.",
    )
    key: str | None = setting(
        None, form.secret(32), "Signs access tokens; `keys/tokens.key` if absent."
    )


@attrs.frozen
class SessionsSettings:
    """Signings-in."""

    lifetime_days: int = setting(
        30, form.whole(1, 366), "When one has to sign in again, however much a session is used."
    )
    idle_days: int = setting(
        14, form.whole(1, 366), "After how long without use a session ends before that."
    )


@attrs.frozen
class OIDCSettings:
    """Signing in through identity providers."""

    providers: tuple[ProviderSettings, ...] = setting(
        (),
        providers_file(),
        "The identity providers that people may sign in through; none if absent. See "
        "[oidc.md](oidc.md).",
    )
    allowed_networks: tuple[str, ...] = setting(
        (),
        form.networks(),
        "Private networks in which providers may lie, and be called without TLS; none, so that "
        "they have to be on the public internet.",
    )
    timeout_seconds: float = setting(
        5.0, form.seconds(0.1, 30), "Time that one call of a provider may take in all."
    )
