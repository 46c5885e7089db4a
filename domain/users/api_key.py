"""API keys: what programs carry instead of a person's token."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import attrs

from domain.errors import InvalidParameter
from domain.users.labels import checked_label
from domain.users.scopes import Scope

MAX_NAME_CHARACTERS: Final = 64
MAX_PRESETS: Final = 20
MAX_LIFETIME_DAYS: Final = 366
"""A whole year, leap years too; a key that is not to end has to be asked for as such."""
DEFAULT_LIFETIME_DAYS: Final = 90

# A preset by its name, of whichever version or of one.
PRESET_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,39}(?:@[1-9][0-9]{0,8})?$"
_PRESET: Final = re.compile(PRESET_PATTERN, re.ASCII)


@attrs.frozen
class APIKey:
    """
    A credential of one user that does a part of what they may, and for a while.

    Attributes:
        name: What its owner calls it, so that they know which one to revoke.
        secret_sha256: Hex digest of the secret, which is nowhere.
        presets: Names such as `card` or `card@3`, to which uploads are confined; None for none.
        expires_at: None for a key that does not end by itself.
        last_used_at: About a minute behind the truth at most, while the database is well; or None.
    """

    id: UUID
    user_id: UUID
    name: str
    secret_sha256: str = attrs.field(repr=False)
    scopes: frozenset[Scope]
    presets: frozenset[str] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether it still opens doors."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def checked_key_name(text: str) -> str:
    """Return *text* as a key's name, normalised (NFC), or refuse it."""
    return checked_label(text, most=MAX_NAME_CHARACTERS, pointer="/name")


def checked_scopes(scopes: Iterable[Scope]) -> frozenset[Scope]:
    """Return *scopes* as a set, or refuse a key that would open nothing."""
    if not (chosen := frozenset(scopes)):
        raise InvalidParameter(
            f"must name at least one of {', '.join(scope.value for scope in Scope)}",
            pointer="/scopes",
        )
    return chosen


def checked_presets(names: Iterable[str] | None) -> frozenset[str] | None:
    """
    Return *names* as a set, or refuse what cannot be a preset's.

    Whether there are such presets is not asked: they come and go, and a key that is confined to
    nothing opens nothing.
    """
    if names is None:
        return None
    chosen = list(names)
    for at, name in enumerate(chosen):
        if not _PRESET.fullmatch(name):
            raise InvalidParameter(
                "must be a preset's name, such as card or card@3", pointer=f"/presets/{at}"
            )
    if not 1 <= len(chosen) <= MAX_PRESETS:
        raise InvalidParameter(f"must name 1 to {MAX_PRESETS} presets", pointer="/presets")
    return frozenset(chosen)


def checked_lifetime(days: int | None) -> timedelta | None:
    """Return how long a key lives, or refuse it; None for one that does not end by itself."""
    if days is None:
        return None
    if not 1 <= days <= MAX_LIFETIME_DAYS:
        raise InvalidParameter(
            f"must be from 1 to {MAX_LIFETIME_DAYS}, or null for a key that does not expire",
            pointer="/expiresInDays",
        )
    return timedelta(days=days)
