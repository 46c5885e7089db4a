"""Look up what somebody means by the name of a preset."""

import attrs

from application.actor import Actor
from application.errors import PortFailure, PresetNotFound
from application.ports.unit_of_work import Database
from application.presets.confinement import Confinement
from domain.images.preset import Preset, PresetReference


class PresetUnreadable(PortFailure):
    """A newer version of ours has written it, which will soon have taken over."""

    code = "preset-unreadable"
    transient = True


@attrs.frozen
class FindPresetRequest:
    """Who means what."""

    actor: Actor
    reference: PresetReference


@attrs.frozen
class FindPreset:
    """
    Return the version that is meant: of the actor's own preset, else of the shared one.

    It has a pipeline.

    Raises:
        PresetNotFound: There is none, or no such version.
        PresetsOnly: The actor is confined to others.
        PresetUnreadable: This version of ours does not understand it.
    """

    database: Database
    confinement: Confinement

    def __call__(self, request: FindPresetRequest) -> Preset:
        """Find, judge."""
        reference = request.reference
        with self.database.reading() as work:
            preset = work.presets.find(
                self.confinement.owner(request.actor), reference.name, reference.version
            )
        if preset is None:
            raise PresetNotFound(
                f"There is no preset {str(reference)!r}; GET /api/presets lists those there are.",
                pointer="/preset",
            )
        self.confinement.check_preset(request.actor, preset)
        if preset.pipeline is None:
            raise PresetUnreadable(f"preset {preset.tag} is of a newer version")
        return preset
