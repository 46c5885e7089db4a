"""Whose preset somebody wants to change, if they may."""

from uuid import UUID

from application.actor import Actor
from application.errors import PresetChanged
from domain.images.preset import Preset
from domain.users.roles import Permission


def owner_to_change(actor: Actor, *, shared: bool) -> UUID | None:
    """Return the owner of the presets that *actor* wants to change, or raise `NotAllowed`."""
    actor.require(Permission.PROCESS_IMAGES)
    if not shared:
        return actor.user_id
    actor.require(Permission.MANAGE_SHARED_PRESETS)
    return None


def check_unchanged(preset: Preset, only_if: frozenset[str] | None) -> None:
    """Raise `PresetChanged` if *only_if* lists tags, and not that of *preset*."""
    if only_if is not None and preset.tag not in only_if:
        raise PresetChanged(
            f"It is {preset.origin} by now; look at it again, and send its ETag in If-Match."
        )
