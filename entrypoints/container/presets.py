"""Pipelines with names."""

from application.presets.add_preset import AddPreset
from application.presets.change_preset import ChangePreset
from application.presets.find_preset import FindPreset
from application.presets.list_preset_versions import ListPresetVersions
from application.presets.list_presets import ListPresets
from application.presets.remove_preset import RemovePreset
from application.presets.view_preset import ViewPreset
from entrypoints.container.room import Room, adapters, use_case


class PresetUseCases(Room):
    """Those of `application/presets/`."""

    find_preset = use_case(FindPreset)
    add_preset = use_case(AddPreset, texts=adapters.pipeline_texts)
    change_preset = use_case(ChangePreset, texts=adapters.pipeline_texts)
    remove_preset = use_case(RemovePreset)
    view_preset = use_case(ViewPreset, texts=adapters.pipeline_texts)
    list_presets = use_case(ListPresets)
    list_preset_versions = use_case(ListPresetVersions)
