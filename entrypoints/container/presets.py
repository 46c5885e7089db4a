"""Pipelines with names."""

from application.presets.add_preset import AddPreset
from application.presets.change_preset import ChangePreset
from application.presets.find_preset import FindPreset
from application.presets.list_preset_versions import ListPresetVersions
from application.presets.list_presets import ListPresets
from application.presets.remove_preset import RemovePreset
from application.presets.view_preset import ViewPreset
from entrypoints.container.room import Room, adapters, once


class PresetUseCases(Room):
    """Those of `application/presets/`."""

    find_preset = once(FindPreset, database=adapters.database, confinement=adapters.confinement)
    add_preset = once(
        AddPreset,
        database=adapters.database,
        clock=adapters.clock,
        texts=adapters.pipeline_texts,
        confinement=adapters.confinement,
    )
    change_preset = once(
        ChangePreset,
        database=adapters.database,
        clock=adapters.clock,
        texts=adapters.pipeline_texts,
        confinement=adapters.confinement,
    )
    remove_preset = once(RemovePreset, database=adapters.database, confinement=adapters.confinement)
    view_preset = once(
        ViewPreset,
        database=adapters.database,
        texts=adapters.pipeline_texts,
        confinement=adapters.confinement,
    )
    list_presets = once(ListPresets, database=adapters.database, confinement=adapters.confinement)
    list_preset_versions = once(
        ListPresetVersions, database=adapters.database, confinement=adapters.confinement
    )
