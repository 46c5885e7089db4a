"""A session: what an access token stands for, until it expires or is ended."""

from datetime import datetime
from uuid import UUID

import attrs


@attrs.frozen
class Session:
    """One signing-in of one user."""

    id: UUID
    user_id: UUID
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether tokens of this session still open doors."""
        return self.revoked_at is None and now < self.expires_at
