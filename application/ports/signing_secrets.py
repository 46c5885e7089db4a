"""The secrets by which customers recognise our webhooks."""

from abc import abstractmethod
from typing import Protocol
from uuid import UUID


class SigningSecrets(Protocol):
    """Derives secrets, so that none has to be kept."""

    @abstractmethod
    def webhook_secret(self, user_id: UUID) -> str:
        """Return the user's webhook secret: `whsec_` and base64 (Standard Webhooks 1.0.0)."""
