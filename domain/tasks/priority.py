"""Which of two lanes a task takes."""

from enum import Enum


class Priority(Enum):
    """The lane of a task and of every message about it; the values are those of the public API."""

    INTERACTIVE = "interactive"  # somebody waits for it
    BATCH = "batch"  # nobody does: it never delays the other lane

    @classmethod
    def read(cls, text: object) -> "Priority":
        """Return the lane that is written; a newer version may know more of them."""
        return next((one for one in cls if one.value == text), cls.INTERACTIVE)
