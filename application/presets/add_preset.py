"""Give a pipeline a name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import attrs

from application.actor import Actor
from application.audit import record_of
from application.errors import AlreadyExists, TooManyPresets
from application.idempotency import IdempotencyKey, RequestInProgress
from application.ports.clock import Clock
from application.ports.pipeline_texts import PipelineTexts
from application.ports.repositories.idempotency_keys import TwinRequest
from application.ports.unit_of_work import Database
from application.presets.confinement import Confinement
from application.presets.owner import owner_to_change
from application.presets.preset_view import PresetView, view_of
from domain.images.pipeline import Pipeline
from domain.images.preset import Preset, checked_preset_name
from domain.users.audit import AuditAction

MAX_PRESETS: Final = 100


@attrs.frozen
class AddPresetRequest:
    """
    A name and what it is to stand for.

    Attributes:
        shared: Whether it is everybody's.
    """

    actor: Actor
    name: str
    pipeline: Pipeline
    locked: bool = False
    shared: bool = False
    idempotency: IdempotencyKey | None = None


@attrs.frozen
class AddedPreset:
    """The preset; *replayed* if an earlier request of the same key added it."""

    view: PresetView
    replayed: bool = False


@attrs.frozen
class AddPreset:
    """
    Make a preset; a name that was there before goes on counting its versions.

    Raises:
        NotAllowed: The actor may not process images, or share presets.
        PresetsOnly: The actor may use presets and not make any.
        InvalidParameter: The name is none.
        AlreadyExists: The actor, or everybody, has a preset of that name.
        TooManyPresets: There are `MAX_PRESETS` of that owner already.
        IdempotencyKeyReused: The key stands for another request.
        RequestInProgress: The same request has come at the same time.
    """

    database: Database
    clock: Clock
    texts: PipelineTexts
    confinement: Confinement

    def __call__(self, request: AddPresetRequest) -> AddedPreset:
        """Judge, look for the name, save."""
        self.confinement.check_change(request.actor)
        owner = owner_to_change(request.actor, shared=request.shared)
        checked_preset_name(request.name)
        preset = Preset(owner, request.name, 1, request.pipeline, request.locked, self.clock.now())
        try:
            return self._add(preset, request)
        except TwinRequest as twin:
            raise RequestInProgress from twin

    def _add(self, first: Preset, request: AddPresetRequest) -> AddedPreset:
        owner, name = first.user_id, first.name
        with self.database.writing() as work:
            work.users.hold(request.actor.user_id)  # so that they are not counted twice at once
            if request.idempotency and (reply := request.idempotency.reply(work)) is not None:
                return AddedPreset(view_of(_answered(reply, first), self.texts), replayed=True)
            last = work.presets.last_version(owner, name)
            there = work.presets.find(owner, name)
            if there is not None and there.user_id == owner:
                raise AlreadyExists(
                    f"There is a preset {name!r}; PUT /api/presets/{name} makes a new version."
                )
            if work.presets.count(owner, MAX_PRESETS) >= MAX_PRESETS:
                raise TooManyPresets(f"There may be {MAX_PRESETS} presets; remove one.")
            preset = attrs.evolve(first, version=last + 1)
            if request.idempotency:
                request.idempotency.remember(
                    work,
                    version=str(preset.version),
                    created_at=preset.created_at.isoformat(),
                )
            work.presets.add(preset)
            if owner is None:
                work.audit.add(
                    record_of(
                        request.actor, AuditAction.ADD_SHARED_PRESET, f"preset:{preset.origin}"
                    )
                )
            work.commit()
        return AddedPreset(view_of(preset, self.texts))


def _answered(reply: Mapping[str, str], asked: Preset) -> Preset:
    return attrs.evolve(
        asked,
        version=int(reply["version"]),
        created_at=datetime.fromisoformat(reply["created_at"]),
    )
