"""Look at the ways into one's account."""

from collections.abc import Mapping, Sequence

import attrs

from application.accounts.known_providers import Providers
from application.actor import Actor
from application.errors import NotFound
from application.ports.unit_of_work import Database
from domain.users.identity import Identity
from domain.users.roles import Permission


@attrs.frozen
class IdentitiesView:
    """
    What opens an account.

    Attributes:
        has_password: Whether a password does.
        identities: Oldest first.
        provider_names: By issuer; one that the operator has taken away is not among them.
    """

    has_password: bool
    identities: Sequence[Identity]
    provider_names: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class ListIdentities:
    """
    Return what opens the actor's account.

    Raises:
        InsufficientScope: The actor is an API key.
    """

    database: Database
    providers: Providers

    def __call__(self, actor: Actor) -> IdentitiesView:
        """Load."""
        actor.require(Permission.MANAGE_ACCOUNT)
        with self.database.reading() as work:
            user = work.users.get(actor.user_id)
            identities = work.identities.of_user(actor.user_id)
        if user is None:
            raise NotFound
        names = {known.issuer: known.name for known in self.providers.values()}
        return IdentitiesView(user.has_password, identities, names)
