"""Let the name of a preset stand for another pipeline from now on."""

import attrs

from application.actor import Actor
from application.audit import record_of
from application.errors import PresetNotFound
from application.ports.clock import Clock
from application.ports.pipeline_texts import PipelineTexts
from application.ports.unit_of_work import Database
from application.presets.confinement import Confinement
from application.presets.owner import check_unchanged, owner_to_change
from application.presets.preset_view import PresetView, view_of
from domain.images.pipeline import Pipeline
from domain.images.preset import Preset
from domain.users.audit import AuditAction


@attrs.frozen
class ChangePresetRequest:
    """
    A name and what it is to stand for.

    Attributes:
        shared: Whether everybody's preset of that name is meant, or the actor's own.
        only_if: Tags, of which the preset must have one to be changed; None if it need not.
    """

    actor: Actor
    name: str
    pipeline: Pipeline
    locked: bool = False
    shared: bool = False
    only_if: frozenset[str] | None = None


@attrs.frozen
class ChangePreset:
    """
    Add a version to a preset, unless the newest says the same already; versions before stay.

    Raises:
        NotAllowed: The actor may not process images, or change what is shared.
        PresetsOnly: The actor may use presets and not change any.
        PresetNotFound: There is none of that name.
        PresetChanged: It is not what the actor takes it for.
    """

    database: Database
    clock: Clock
    texts: PipelineTexts
    confinement: Confinement

    def __call__(self, request: ChangePresetRequest) -> PresetView:
        """Judge, compare, save."""
        self.confinement.check_change(request.actor)
        owner = owner_to_change(request.actor, shared=request.shared)
        with self.database.writing() as work:
            last = work.presets.last_version(owner, request.name)
            newest = work.presets.find(owner, request.name)
            if newest is None or newest.user_id != owner:
                raise PresetNotFound(
                    "There is no preset of that name to change; POST /api/presets makes one. "
                    "A shared one is changed with ?shared=true."
                )
            check_unchanged(newest, request.only_if)
            if newest.means(request.pipeline, locked=request.locked):
                return view_of(newest, self.texts)
            preset = Preset(
                owner, request.name, last + 1, request.pipeline, request.locked, self.clock.now()
            )
            work.presets.add(preset)
            if owner is None:
                work.audit.add(
                    record_of(
                        request.actor, AuditAction.CHANGE_SHARED_PRESET, f"preset:{preset.origin}"
                    )
                )
            work.commit()
        return view_of(preset, self.texts)
