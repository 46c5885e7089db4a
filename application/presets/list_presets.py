"""Look through the presets that one may use."""

from collections.abc import Sequence
from typing import Final

import attrs

from application.actor import Actor
from application.ports.unit_of_work import Database
from application.presets.confinement import Confinement
from domain.errors import InvalidParameter
from domain.images.preset import Preset

MAX_PAGE_PRESETS: Final = 100


def check_limit(_: object, __: object, limit: int) -> None:
    """Refuse a page that is empty, or longer than any is."""
    if not 1 <= limit <= MAX_PAGE_PRESETS:
        raise InvalidParameter(
            f"must be a whole number from 1 to {MAX_PAGE_PRESETS}", pointer="/limit"
        )


@attrs.frozen
class ListPresetsRequest:
    """
    Whose presets, from where on, and how many.

    Attributes:
        after: Name of the last one of the page before, and whether it was a shared one; None for
            the first page.
        limit: 1 to `MAX_PAGE_PRESETS`.
    """

    actor: Actor
    after: tuple[str, bool] | None = None
    limit: int = attrs.field(default=20, validator=check_limit)


@attrs.frozen
class PresetsPage:
    """
    The newest versions of some presets, by name.

    Attributes:
        next_after: `ListPresetsRequest.after` of the page that follows; None if there is none.
    """

    presets: Sequence[Preset]
    next_after: tuple[str, bool] | None


@attrs.frozen
class ListPresets:
    """Return a page of the presets that the actor may use, one's own before a shared namesake."""

    database: Database
    confinement: Confinement

    def __call__(self, request: ListPresetsRequest) -> PresetsPage:
        """Load one more than asked for, which tells whether a page follows."""
        owner = self.confinement.owner(request.actor)
        with self.database.reading() as work:
            found = work.presets.page(owner, request.after, request.limit + 1)
        presets = found[: request.limit]
        if len(found) <= request.limit:
            return PresetsPage(presets, None)
        return PresetsPage(presets, (presets[-1].name, presets[-1].user_id is None))
