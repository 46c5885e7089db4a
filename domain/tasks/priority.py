"""Which of two lanes a task takes."""

from enum import Enum


class Priority(Enum):
    """The lane of a task and of every message about it; the values are those of the public API."""

    INTERACTIVE = "interactive"  # somebody waits for it
    BATCH = "batch"  # nobody does: it never delays the other lane
