"""What the rooms of use cases have in common."""

from datetime import timedelta
from typing import Any, Final

import attrs
from dependency_injector import containers, providers

from entrypoints.container.adapters import Adapters, once
from entrypoints.settings import Settings


class Room(containers.DeclarativeContainer):
    """Some of the use cases, made of adapters that are given."""

    settings = providers.Dependency(instance_of=Settings)
    adapters = providers.DependenciesContainer()


settings: Final = Room.settings
adapters: Final = Room.adapters


def use_case(kind: type, **others: Any) -> providers.Provider[Any]:
    """
    Return what builds a use case.

    Args:
        kind: Its class. A member that is called like an adapter is that one.
        others: Every other member, and those that are something else in spite of their name.
    """
    known = {field.name for field in attrs.fields(kind)} & Adapters.providers.keys()
    found = {name: getattr(adapters, name) for name in known - others.keys()}
    return once(kind, **found, **others)


def duration(seconds: Any) -> providers.Provider[timedelta]:
    """Return what turns a setting in seconds into a duration."""
    return providers.Factory(_duration, seconds)


def _duration(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
