"""Scopes, and what each lets an API key do; one table, beside the one of roles."""

from enum import Enum
from typing import Final

from domain.users.roles import Permission


class Scope(Enum):
    """
    A part of what its owner may do that an API key is good for.

    What they open stands in the table of routes; docs/api.md says the same to customers.
    """

    IMAGES_READ = "images:read"
    IMAGES_WRITE = "images:write"
    WEBHOOKS_WRITE = "webhooks:write"
    ACCOUNT_READ = "account:read"


SCOPES: Final[dict[Scope, frozenset[Permission]]] = {
    Scope.IMAGES_READ: frozenset(),  # to look at one's own takes no permission
    Scope.IMAGES_WRITE: frozenset({Permission.PROCESS_IMAGES}),
    Scope.WEBHOOKS_WRITE: frozenset(),
    Scope.ACCOUNT_READ: frozenset(),
}
"""What is in no row takes a session: the account itself, and whatever only admins may."""


def scopes_permit(scopes: frozenset[Scope], permission: Permission) -> bool:
    """Whether any of *scopes* carries *permission*."""
    return any(permission in SCOPES[scope] for scope in scopes)
