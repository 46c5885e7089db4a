"""The tokens that programs carry: API keys as their owners know them."""

from abc import abstractmethod
from typing import Protocol
from uuid import UUID

import attrs


@attrs.frozen
class NewToken:
    """
    A token that has just been made.

    Attributes:
        text: What its owner is shown, once.
        secret_sha256: Hex digest of the secret in it, by which it will be known again.
    """

    text: str = attrs.field(repr=False)
    secret_sha256: str = attrs.field(repr=False)


@attrs.frozen
class PresentedToken:
    """
    A token that has come in, of the right form; whether it is a good one is not known yet.

    Attributes:
        key_id: Of the key that it claims to be.
    """

    key_id: UUID
    secret: str = attrs.field(repr=False)


class KeyTokens(Protocol):
    """Makes and reads the tokens of API keys, and keeps none."""

    @abstractmethod
    def make(self, key_id: UUID) -> NewToken:
        """Return a token for the key *key_id*, with a new secret of 256 random bits."""

    @abstractmethod
    def read(self, token: str) -> PresentedToken | None:
        """Return what *token* says, or None if it is not of the form of an API key's."""

    @abstractmethod
    def is_secret_of(self, presented: PresentedToken, secret_sha256: str) -> bool:
        """Whether its secret has that digest; takes as long whether it has or not."""
