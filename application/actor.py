"""Who is asking."""

from uuid import UUID

import attrs

from application.errors import InsufficientScope, NotAllowed
from domain.users.roles import Permission, Role, permits
from domain.users.scopes import Scope, scopes_permit


@attrs.frozen
class Actor:
    """
    A user who has signed in, or a program with a key of theirs, as the edge has verified them.

    Use cases judge what they may do.

    Attributes:
        scopes: What the API key is good for; None for whoever has signed in, who may all that
            their roles let them.
        key_id: The API key's; None for whoever has signed in.
        session_id: Of the signing-in; None for an API key.
        presets_only: Names such as `card` or `card@3` to which the key is confined, its plans and
            retries, too; None for no such bound.
        address: Where the request came from, for the audit trail; None if nobody knows.
    """

    user_id: UUID
    roles: frozenset[Role]
    scopes: frozenset[Scope] | None = None
    key_id: UUID | None = None
    presets_only: frozenset[str] | None = None
    session_id: UUID | None = None
    address: str | None = attrs.field(default=None, eq=False)

    def require(self, permission: Permission) -> None:
        """
        Return if the actor's roles carry *permission*, and the scopes of their key, if it is one.

        Raises:
            NotAllowed: No role does.
            InsufficientScope: A role does, but no scope of the key.
        """
        if not permits(self.roles, permission):
            raise NotAllowed(f"None of your account's roles includes {permission.value!r}.")
        if self.scopes is not None and not scopes_permit(self.scopes, permission):
            raise InsufficientScope(f"None of this API key's scopes includes {permission.value!r}.")

    def require_scope(self, scope: Scope | None) -> None:
        """Raise `InsufficientScope` for a key without *scope*; None lets no key pass."""
        if self.scopes is None:
            return
        if scope is None:
            raise InsufficientScope("No API key opens this; sign in and send the access token.")
        if scope not in self.scopes:
            raise InsufficientScope(f"This API key lacks the scope {scope.value}.", scope=scope)
