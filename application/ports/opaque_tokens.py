"""Tokens that say nothing, such as those by which a session goes on."""

from abc import abstractmethod
from typing import Protocol

import attrs


@attrs.frozen
class OpaqueToken:
    """
    A token as it is handed out.

    Attributes:
        text: What its owner is given, once.
        sha256: Hex digest, by which it will be known again; all that is kept.
    """

    text: str = attrs.field(repr=False)
    sha256: str = attrs.field(repr=False)


class OpaqueTokens(Protocol):
    """Makes tokens of 256 bits, and keeps none."""

    @abstractmethod
    def make(self) -> OpaqueToken:
        """Return a token out of the system's randomness."""

    @abstractmethod
    def successor(self, text: str) -> OpaqueToken:
        """
        Return the one token that comes after *text*, the same however often it is asked for.

        Nobody else can tell it, even if they know *text* and every digest.
        """

    @abstractmethod
    def digest(self, text: str) -> str:
        """Return the digest of *text*, whatever that is."""
