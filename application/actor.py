"""Who is asking."""

from uuid import UUID

import attrs

from application.errors import NotAllowed
from domain.users.roles import Permission, Role, permits


@attrs.frozen
class Actor:
    """
    A signed-in user, as the edge has verified them; use cases judge what they may do.

    Attributes:
        presets_only: Names of the presets that the actor is confined to, such as `card` or
            `card@3`; None if it is not confined.
    """

    user_id: UUID
    roles: frozenset[Role]
    presets_only: frozenset[str] | None = None

    def require(self, permission: Permission) -> None:
        """Raise `NotAllowed` unless one of the actor's roles carries *permission*."""
        if not permits(self.roles, permission):
            raise NotAllowed(f"None of your account's roles includes {permission.value!r}.")
