"""What somebody finds who looks whether the world is as the platform needs it."""

from enum import Enum

import attrs


class Verdict(Enum):
    """What a finding means for the platform."""

    FINE = "fine"
    DOUBTFUL = "doubtful"  # it works, and somebody should know
    WRONG = "wrong"  # it does not work until somebody mends it


@attrs.frozen
class Finding:
    """
    One thing that was looked at.

    Attributes:
        said: What is so, for an operator; no secret in it.
        remedy: How to mend it; empty if there is nothing to mend.
    """

    verdict: Verdict
    said: str
    remedy: str = ""


def fine(said: str) -> Finding:
    """Return a finding that is as it should be."""
    return Finding(Verdict.FINE, said)


def doubtful(said: str, remedy: str) -> Finding:
    """Return a finding that somebody should know of."""
    return Finding(Verdict.DOUBTFUL, said, remedy)


def wrong(said: str, remedy: str) -> Finding:
    """Return a finding that keeps the platform from working."""
    return Finding(Verdict.WRONG, said, remedy)
