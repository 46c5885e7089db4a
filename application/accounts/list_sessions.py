"""Look at where one is signed in."""

from collections.abc import Sequence

import attrs

from application.actor import Actor
from application.ports.clock import Clock
from application.ports.unit_of_work import Database
from domain.users.roles import Permission
from domain.users.session import Session


@attrs.frozen
class ListSessions:
    """
    Return the actor's sessions that have not ended, those used last first.

    Raises:
        InsufficientScope: The actor is an API key.
    """

    database: Database
    clock: Clock

    def __call__(self, actor: Actor) -> Sequence[Session]:
        """Load."""
        actor.require(Permission.MANAGE_ACCOUNT)
        with self.database.reading() as work:
            return work.sessions.live_of(actor.user_id, self.clock.now())
