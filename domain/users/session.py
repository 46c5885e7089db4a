"""A session: what the tokens of one signing-in stand for, until it expires or is ended."""

import unicodedata
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import attrs

MAX_CLIENT_CHARACTERS: Final = 120


@attrs.frozen
class Session:
    """
    One signing-in of one user.

    Attributes:
        expires_at: When it ends, however much it is used.
        idle_until: When it ends unless it is used before; None for one that an earlier version
            began.
        last_used_at: When tokens were last given out; None likewise.
        client: What the caller's program calls itself, for its owner to tell sessions apart.
    """

    id: UUID
    user_id: UUID
    created_at: datetime
    expires_at: datetime
    idle_until: datetime | None = None
    last_used_at: datetime | None = None
    client: str = ""
    revoked_at: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        """When it ends by itself, unless it is used before."""
        if self.idle_until is None:
            return self.expires_at
        return min(self.idle_until, self.expires_at)

    def is_live(self, now: datetime) -> bool:
        """Whether tokens of this session still open doors."""
        return self.revoked_at is None and now < self.ends_at

    def used(self, now: datetime, idle: timedelta) -> "Session":
        """Return the session as it is once it has been used at *now*."""
        return attrs.evolve(self, last_used_at=now, idle_until=now + idle)


def client_name(text: str) -> str:
    """Return what a program says of itself as one short line that hides nothing."""
    plain = "".join(
        " " if unicodedata.category(sign)[0] in "ZC" else sign
        for sign in unicodedata.normalize("NFC", text)
    )
    return " ".join(plain.split())[:MAX_CLIENT_CHARACTERS].strip()
