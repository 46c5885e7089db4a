"""Take a preset's name away."""

import attrs

from application.actor import Actor
from application.audit import record_of
from application.errors import PresetNotFound
from application.ports.unit_of_work import Database
from application.presets.confinement import Confinement
from application.presets.owner import check_unchanged, owner_to_change
from domain.users.audit import AuditAction


@attrs.frozen
class RemovePresetRequest:
    """
    Which preset.

    Attributes:
        shared: Whether everybody's preset of that name is meant, or the actor's own.
        only_if: Tags, of which the preset must have one to be removed; None if it need not.
    """

    actor: Actor
    name: str
    shared: bool = False
    only_if: frozenset[str] | None = None


@attrs.frozen
class RemovePreset:
    """
    Let nobody find a preset any longer; tasks that were asked for by it keep what they were.

    Raises:
        NotAllowed: The actor may not process images, or change what is shared.
        PresetsOnly: The actor may use presets and not remove any.
        PresetNotFound: There is none of that name.
        PresetChanged: It is not what the actor takes it for.
    """

    database: Database
    confinement: Confinement

    def __call__(self, request: RemovePresetRequest) -> None:
        """Judge, compare, remove."""
        self.confinement.check_change(request.actor)
        owner = owner_to_change(request.actor, shared=request.shared)
        with self.database.writing() as work:
            work.presets.last_version(owner, request.name)  # whoever changes it has to wait
            newest = work.presets.find(owner, request.name)
            if newest is None or newest.user_id != owner:
                raise PresetNotFound(
                    "There is no preset of that name to remove. A shared one is removed with "
                    "?shared=true."
                )
            check_unchanged(newest, request.only_if)
            work.presets.remove(owner, request.name)
            if owner is None:
                work.audit.add(
                    record_of(
                        request.actor, AuditAction.REMOVE_SHARED_PRESET, f"preset:{newest.origin}"
                    )
                )
            work.commit()
