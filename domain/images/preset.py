"""Pipelines that have a name, in versions that never change."""

import re
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs

from domain.errors import InvalidParameter
from domain.images.canonical import canonical
from domain.images.pipeline import Pipeline, is_name

MAX_VERSION: Final = 999_999_999

_REFERENCE: Final = re.compile(r"([^@]+)(?:@([1-9][0-9]{0,8}))?", re.ASCII)


def checked_preset_name(name: str) -> str:
    """Return *name* as that of a preset, or refuse it; the names of variants follow one rule."""
    if not is_name(name):
        raise InvalidParameter(
            "is no name of a preset: small letters, digits, - and _, at most 40", pointer="/name"
        )
    return name


@attrs.frozen
class PresetReference:
    """
    What a customer calls a preset by: `card`, or `card@3`.

    Attributes:
        version: None for the newest.
    """

    name: str
    version: int | None = None

    @classmethod
    def parse(cls, text: object) -> "PresetReference":
        """Read one."""
        match = _REFERENCE.fullmatch(text) if isinstance(text, str) else None
        if match is None or not is_name(match[1]):
            raise InvalidParameter(
                'must be the name of a preset such as "card", or one of its versions such as '
                '"card@3"'
            )
        return cls(match[1], None if match[2] is None else int(match[2]))

    def __str__(self) -> str:
        return self.name if self.version is None else f"{self.name}@{self.version}"


@attrs.frozen
class PresetOrigin:
    """Which version of which preset a pipeline was made from."""

    name: str
    version: int
    is_shared: bool

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@attrs.frozen
class Preset:
    """
    One version of a preset.

    Attributes:
        user_id: Its owner, or None for one that everybody may use.
        version: Counted from 1, over the whole life of the name.
        pipeline: None if it was written by a version of ours that knows more than this one.
        locked: Whether nothing may be added to it or changed in it.
        created_at: Of this version.
    """

    user_id: UUID | None
    name: str
    version: int
    pipeline: Pipeline | None
    locked: bool
    created_at: datetime

    def __attrs_post_init__(self) -> None:
        checked_preset_name(self.name)
        if not 1 <= self.version <= MAX_VERSION:
            raise InvalidParameter(f"must be from 1 to {MAX_VERSION}", pointer="/version")

    @property
    def origin(self) -> PresetOrigin:
        """What a pipeline that was made from this came from."""
        return PresetOrigin(self.name, self.version, is_shared=self.user_id is None)

    @property
    def tag(self) -> str:
        """What tells this version from every other of the names that one user can see."""
        return f"{self.origin}+shared" if self.user_id is None else str(self.origin)

    def means(self, pipeline: Pipeline, *, locked: bool) -> bool:
        """Whether a version of *pipeline* would say nothing new."""
        return (
            self.pipeline is not None
            and self.locked == locked
            and canonical(self.pipeline).pipeline == canonical(pipeline).pipeline
        )
