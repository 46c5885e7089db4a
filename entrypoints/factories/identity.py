# ruff: noqa: PLC0415  # so that a process loads what it uses and nothing else
"""Who else may say who somebody is."""

from ipaddress import ip_network
from typing import TYPE_CHECKING

from application.accounts.known_providers import KnownProvider, Providers
from application.ports.clock import Clock
from entrypoints.settings import Settings

if TYPE_CHECKING:
    pass


def identity_providers(settings: Settings, clock: Clock) -> Providers:
    oidc = settings.oidc
    if not oidc.providers:
        return {}
    from adapters.identity.oidc_provider import OIDCProvider, Registration
    from adapters.outbound.guarded_client import GuardedClient
    from adapters.outbound.rules import OutboundRules

    client = GuardedClient(
        OutboundRules(allowed_networks=[ip_network(network) for network in oidc.allowed_networks]),
        connect_seconds=min(5.0, oidc.timeout_seconds),
        total_seconds=oidc.timeout_seconds,
        max_answer_bytes=256 * 1024,
    )
    return {
        one.name: KnownProvider(
            one.name,
            one.issuer,
            OIDCProvider(
                Registration(
                    one.issuer,
                    one.client_id,
                    one.client_secret,
                    f"{settings.base_url}/api/auth/oauth/{one.name}/callback",
                ),
                client,
                clock,
            ),
            frozenset(one.email_domains),
            opens_accounts=one.open_accounts,
        )
        for one in oidc.providers
    }
