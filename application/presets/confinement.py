"""Who may use presets as they are, and nothing else."""

from typing import Final
from uuid import UUID

import attrs

from application.actor import Actor
from application.errors import PresetsOnly
from application.ports.unit_of_work import UnitOfWork
from domain.images.pipeline import Pipeline
from domain.images.preset import Preset, PresetOrigin
from domain.users.roles import Role

_NAMES_TOLD: Final = 20
_NOTHING_BESIDE: Final = "beside it only analyze, notify and priority"


@attrs.frozen
class Confinement:
    """
    Which actors are confined to presets, and whether what they ask for is one.

    Users are by their roles: to shared presets, since their own would be a way around. Actors may
    besides be confined to presets of certain names (`Actor.presets_only`).

    Attributes:
        roles: Whoever has these and no other is confined.
    """

    roles: frozenset[Role] = frozenset()

    def holds(self, actor: Actor) -> bool:
        """Whether *actor* is confined at all."""
        return actor.presets_only is not None or self._to_shared(actor)

    def owner(self, actor: Actor) -> UUID | None:
        """Return whose presets the actor may use before the shared ones; None for nobody's."""
        return None if self._to_shared(actor) else actor.user_id

    def check_change(self, actor: Actor) -> None:
        """Raise `PresetsOnly` if *actor* may use presets but not make any."""
        if self.holds(actor):
            raise PresetsOnly("You may use presets, and not make, change or remove any.")

    def check_preset(self, actor: Actor, preset: Preset) -> None:
        """Raise `PresetsOnly` if *actor* is confined to others than *preset*."""
        names = actor.presets_only
        is_named = names is None or not names.isdisjoint({preset.name, str(preset.origin)})
        if not is_named or (self._to_shared(actor) and preset.user_id is not None):
            raise self._refusal(actor)

    def check_use(
        self, work: UnitOfWork, actor: Actor, pipeline: Pipeline, origin: PresetOrigin | None
    ) -> None:
        """
        Raise `PresetsOnly` if *actor* is confined and *pipeline* is not a preset's, as it is.

        The preset is looked up again: what a request says of itself proves nothing.
        """
        if not self.holds(actor):
            return
        if origin is None:
            raise self._refusal(actor)
        owner = None if origin.is_shared else self.owner(actor)
        preset = work.presets.find(owner, origin.name, origin.version)
        if preset is None or preset.origin != origin or not _draws(preset, pipeline):
            raise self._refusal(actor)
        self.check_preset(actor, preset)

    def _to_shared(self, actor: Actor) -> bool:
        return bool(self.roles) and actor.roles <= self.roles

    def _refusal(self, actor: Actor) -> PresetsOnly:
        if actor.presets_only is None:
            return PresetsOnly(
                'Name a shared preset, such as {"preset": "card"}, '
                f"and {_NOTHING_BESIDE}; GET /api/presets lists them."
            )
        names = sorted(actor.presets_only)
        told = ", ".join(names[:_NAMES_TOLD]) + (" and others" if names[_NAMES_TOLD:] else "")
        return PresetsOnly(f"Name one of these presets, and {_NOTHING_BESIDE}: {told or 'none'}.")


def _draws(preset: Preset, pipeline: Pipeline) -> bool:
    """Whether *pipeline* draws what *preset* does; what is to be found out changes no pixel."""
    return preset.pipeline is not None and preset.pipeline == attrs.evolve(
        pipeline, analyze=preset.pipeline.analyze
    )
