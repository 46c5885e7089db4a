"""Identifiers out of the system's randomness."""

from uuid import UUID, uuid4

from application.ports.ids import Ids


class RandomIds(Ids):
    """Version 4 UUIDs: 122 random bits, so that none can be guessed."""

    def new(self) -> UUID:
        """Return a new random identifier."""
        return uuid4()
