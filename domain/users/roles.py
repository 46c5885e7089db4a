"""Roles and what each may do; one table, read top to bottom."""

from enum import Enum
from typing import Final


class Role(Enum):
    """A name for a set of permissions."""

    USER = "user"
    ADMIN = "admin"


class Permission(Enum):
    """Something that an actor may do; ownership is checked besides."""

    PROCESS_IMAGES = "process images"
    MANAGE_ACCOUNT = "manage the account"  # one's own: the profile, and the keys to everything else
    READ_ANY_PROFILE = "read any profile"
    MANAGE_SHARED_PRESETS = "manage shared presets"
    MANAGE_SHARED_ASSETS = "manage shared assets"
    MANAGE_USERS = "manage users"  # who there is, their roles, whether they are let in
    MANAGE_WORK = "manage work"  # anybody's tasks: look, put back, give up
    READ_AUDIT = "read the audit trail"


PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.USER: frozenset({Permission.PROCESS_IMAGES, Permission.MANAGE_ACCOUNT}),
    Role.ADMIN: frozenset(Permission),
}


def permits(roles: frozenset[Role], permission: Permission) -> bool:
    """Whether any of *roles* carries *permission*."""
    return any(permission in PERMISSIONS[role] for role in roles)
