"""
Every setting: read once from SAFELIGHT_… variables, judged all together, never read again.

A class for each area, in the file of its room; `whole.py` joins them, `reading.py` reads.
"""

from entrypoints.settings.complaints import PREFIX, SettingsRefused
from entrypoints.settings.places import DatabaseSettings, StorageSettings
from entrypoints.settings.reading import (
    Variable,
    describe,
    known_names,
    load_settings,
)
from entrypoints.settings.whole import Settings

__all__ = [
    "PREFIX",
    "DatabaseSettings",
    "Settings",
    "SettingsRefused",
    "StorageSettings",
    "Variable",
    "describe",
    "known_names",
    "load_settings",
]
