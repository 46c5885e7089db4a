"""Tell somebody how much they have used of what they may."""

import attrs

from application.actor import Actor
from application.limits.quotas import DAY, Quotas
from application.ports.clock import Clock
from application.ports.repositories.images import Usage
from application.ports.unit_of_work import Database


@attrs.frozen
class UsageView:
    """What an account has, and what it may have."""

    usage: Usage
    quotas: Quotas


@attrs.frozen
class ViewUsage:
    """Show the caller's own use."""

    database: Database
    clock: Clock
    quotas: Quotas

    def __call__(self, actor: Actor) -> UsageView:
        """Add it up."""
        with self.database.reading() as work:
            usage = work.images.usage_of(actor.user_id, self.clock.now() - DAY)
        return UsageView(usage, self.quotas)
