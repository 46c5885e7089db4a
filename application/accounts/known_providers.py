"""The identity providers that people may sign in through, as the operator has named them."""

from collections.abc import Mapping

import attrs

from application.errors import IdentityNotAdmitted, NotFound, ProviderEmailUnverified
from application.ports.identity_provider import IdentityProvider
from domain.users.identity import ProvenIdentity


@attrs.frozen
class KnownProvider:
    """
    One of them, and who may come by it.

    Attributes:
        name: In our addresses; may change without anybody losing their account.
        email_domains: Whoever has no verified address in one of these is turned away, in lower
            case; none, so that nobody is.
        opens_accounts: Whether those who have no account get one.
    """

    name: str
    issuer: str
    provider: IdentityProvider
    email_domains: frozenset[str] = frozenset()
    opens_accounts: bool = False

    def admit(self, proven: ProvenIdentity) -> None:
        """
        Return if whoever was proved may come by this provider.

        Raises:
            ProviderEmailUnverified: The domain counts, and no address is vouched for.
            IdentityNotAdmitted: The address is of another domain.
        """
        if not self.email_domains:
            return
        email = proven.verified_email
        if email is None:
            raise ProviderEmailUnverified(
                "The identity provider names no e-mail address of yours that it has verified."
            )
        if email.rpartition("@")[2].lower() not in self.email_domains:
            raise IdentityNotAdmitted


Providers = Mapping[str, KnownProvider]


def provider_named(providers: Providers, name: str) -> KnownProvider:
    """Return the provider, or raise `NotFound`."""
    if name not in providers:
        raise NotFound
    return providers[name]
