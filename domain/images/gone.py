"""Why files of which a row tells are not in the store."""

from enum import Enum


class Gone(Enum):
    """Why files are no longer in the store."""

    REMOVED = "removed"  # by us: they were kept for as long as they had to be, or dropped
    MISSING = "missing"  # behind our back: the store does not have what it should
