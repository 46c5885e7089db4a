"""Look at a preset."""

import attrs

from application.actor import Actor
from application.errors import PresetNotFound
from application.ports.pipeline_texts import PipelineTexts
from application.ports.unit_of_work import Database
from application.presets.confinement import Confinement
from application.presets.preset_view import PresetView, view_of


@attrs.frozen
class ViewPresetRequest:
    """
    Which preset.

    Attributes:
        version: None for the newest.
        shared: Whether everybody's is meant even if the actor has one of that name.
    """

    actor: Actor
    name: str
    version: int | None = None
    shared: bool = False


@attrs.frozen
class ViewPreset:
    """
    Return a version of the actor's own preset of that name, else of the shared one.

    Raises:
        PresetNotFound: There is none, or no such version.
    """

    database: Database
    texts: PipelineTexts
    confinement: Confinement

    def __call__(self, request: ViewPresetRequest) -> PresetView:
        """Find, write out."""
        owner = None if request.shared else self.confinement.owner(request.actor)
        with self.database.reading() as work:
            preset = work.presets.find(owner, request.name, request.version)
        if preset is None:
            raise PresetNotFound("There is no such preset; GET /api/presets lists those there are.")
        return view_of(preset, self.texts)
