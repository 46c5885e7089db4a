"""Look at one's API keys."""

from collections.abc import Sequence

import attrs

from application.actor import Actor
from application.ports.unit_of_work import Database
from domain.users.api_key import APIKey
from domain.users.roles import Permission


@attrs.frozen
class ListAPIKeys:
    """
    Return the actor's API keys, oldest first, those that are over too.

    Raises:
        InsufficientScope: The actor is a key itself.
    """

    database: Database

    def __call__(self, actor: Actor) -> Sequence[APIKey]:
        """Load."""
        actor.require(Permission.MANAGE_ACCOUNT)
        with self.database.reading() as work:
            return work.api_keys.of_user(actor.user_id)
