"""Why files of which a row tells are not in the store."""

from enum import Enum


class Gone(Enum):
    """Why files are no longer in the store."""

    REMOVED = "removed"  # by us: they were kept for as long as they had to be, or dropped
    MISSING = "missing"  # behind our back: the store does not have what it should

    @classmethod
    def read(cls, text: str | None) -> "Gone | None":
        """Return why; what a newer version took away for reasons of its own does not come back."""
        if text is None:
            return None
        return next((one for one in cls if one.value == text), cls.REMOVED)
