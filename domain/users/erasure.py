"""An erasure: what is left of an account, or of one picture, until all of it is gone."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import attrs

CLOSED_AFTER: Final = timedelta(days=1)
"""Longer than any request may take: what one that had begun before still wrote goes, too."""
NO_PASSWORD_HASH: Final = "!"  # noqa: S105  # no password at all
"""What stands for a password's hash in the row that is left for that long; nothing fits it."""


@attrs.frozen
class Erasure:
    """
    The end of one account, and the receipt for it; or the end of one picture, without a receipt.

    Attributes:
        id: Cannot be guessed: whoever has it may see the receipt, for nobody can sign in any more.
        has_account: Whether an account is still to be ended; without, only files may be left.
        counts: What has been destroyed, by what it was; only ids are left of the rest.
        destroyed_at: When the last of the account's files was gone; None until then.
        files_sha256: Hex digest of the files' keys in their order, a line each; None likewise.
    """

    id: UUID
    user_id: UUID
    requested_at: datetime
    counts: Mapping[str, int] = attrs.field(factory=dict)
    destroyed_at: datetime | None = None
    files_sha256: str | None = None
    has_account: bool = True

    def with_counts(self, more: Mapping[str, int]) -> "Erasure":
        """Return the erasure with *more* counted."""
        names = {**self.counts, **more}
        both = {name: self.counts.get(name, 0) + more.get(name, 0) for name in names}
        return attrs.evolve(self, counts=both)

    def may_close(self, now: datetime) -> bool:
        """Whether no request that began before it can still be under way."""
        return self.destroyed_at is not None and now >= self.requested_at + CLOSED_AFTER


@attrs.frozen
class ErasureDue:
    """There may be something left of the account, or of the picture."""

    erasure_id: UUID
