"""What the rooms of use cases have in common."""

from datetime import timedelta
from typing import Any, Final

from dependency_injector import containers, providers

from entrypoints.settings import Settings

once: Final = providers.ThreadSafeSingleton
"""Built once a process, on first use, whichever thread asks."""


class Room(containers.DeclarativeContainer):
    """Some of the use cases, made of adapters that are given."""

    settings = providers.Dependency(instance_of=Settings)
    adapters = providers.DependenciesContainer()


settings: Final = Room.settings
adapters: Final = Room.adapters


def duration(seconds: Any) -> providers.Provider[timedelta]:
    """Return what turns a setting in seconds into a duration."""
    return providers.Factory(_duration, seconds)


def _duration(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
