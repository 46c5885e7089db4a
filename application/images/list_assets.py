"""Look through the assets that one may name."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import attrs

from application.actor import Actor
from application.images.list_images import check_limit
from application.ports.unit_of_work import Database
from domain.images.asset import Asset


@attrs.frozen
class ListAssetsRequest:
    """
    Whose assets, from where on, and how many.

    Attributes:
        after: Creation and id of the last asset of the page before; None for the first page.
        limit: 1 to `MAX_PAGE_IMAGES`.
    """

    actor: Actor
    after: tuple[datetime, UUID] | None = None
    limit: int = attrs.field(default=20, validator=check_limit)


@attrs.frozen
class AssetsPage:
    """
    Some of the assets that a user may name, newest first.

    Attributes:
        next_after: `ListAssetsRequest.after` of the page that follows; None if there is none.
    """

    assets: Sequence[Asset]
    next_after: tuple[datetime, UUID] | None


@attrs.frozen
class ListAssets:
    """Return a page of the actor's own assets and of those that everybody may use."""

    database: Database

    def __call__(self, request: ListAssetsRequest) -> AssetsPage:
        """Load one more than asked for, which tells whether a page follows."""
        with self.database.reading() as work:
            found = work.assets.page(request.actor.user_id, request.after, request.limit + 1)
        assets = found[: request.limit]
        follows = len(found) > request.limit
        return AssetsPage(assets, (assets[-1].created_at, assets[-1].id) if follows else None)
