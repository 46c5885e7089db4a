"""Look through what the name of a preset has stood for."""

from collections.abc import Sequence

import attrs

from application.actor import Actor
from application.errors import PresetNotFound
from application.ports.unit_of_work import Database
from application.presets.confinement import Confinement
from application.presets.list_presets import check_limit
from domain.images.preset import Preset


@attrs.frozen
class ListPresetVersionsRequest:
    """
    Which preset, from where on, and how many versions.

    Attributes:
        shared: Whether everybody's is meant even if the actor has one of that name.
        before: Number of the last version of the page before; None for the first page.
        limit: 1 to `MAX_PAGE_PRESETS`.
    """

    actor: Actor
    name: str
    shared: bool = False
    before: int | None = None
    limit: int = attrs.field(default=20, validator=check_limit)


@attrs.frozen
class PresetVersionsPage:
    """
    Some versions, newest first.

    Attributes:
        next_before: `ListPresetVersionsRequest.before` of the page that follows, or None.
    """

    versions: Sequence[Preset]
    next_before: int | None


@attrs.frozen
class ListPresetVersions:
    """
    Return a page of the versions of the actor's own preset of that name, else of the shared one.

    Raises:
        PresetNotFound: There is none of that name.
    """

    database: Database
    confinement: Confinement

    def __call__(self, request: ListPresetVersionsRequest) -> PresetVersionsPage:
        """Load one more than asked for, which tells whether a page follows."""
        owner = None if request.shared else self.confinement.owner(request.actor)
        with self.database.reading() as work:
            found = work.presets.versions(owner, request.name, request.before, request.limit + 1)
            if not found and work.presets.find(owner, request.name) is None:
                raise PresetNotFound(
                    "There is no such preset; GET /api/presets lists those there are."
                )
        versions = found[: request.limit]
        follows = len(found) > request.limit
        return PresetVersionsPage(versions, versions[-1].version if follows else None)
