"""Whether the table of roles decides: use cases ask for permissions, and nobody asks for a role."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from domain.users.roles import PERMISSIONS, Permission, Role

ROOT: Final = Path(__file__).parents[2]
NAME_ROLES: Final = {
    "application/accounts/finish_provider_sign_in.py": "likewise, through a provider",
    "application/accounts/register_user.py": "gives one to newcomers",
    "application/administration/create_admin.py": "gives both",
    "application/administration/change_user.py": "keeps the last admin",
    "adapters/persistence/users.py": "finds accounts by their roles",
    "adapters/persistence/erasures.py": "takes all but one from who is erased",
    "domain/users/user.py": "says who the last admin could be",
}
"""Where a role is called by its name, and what for: to give it, take it or look for it."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in ("domain", "application", "adapters", "entrypoints"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if name != "domain/users/roles.py":
                yield name, ast.parse(path.read_text("utf-8"))


def members_named(tree: ast.AST, owner: str) -> set[str]:
    """Return the members of *owner*, an enumeration, that *tree* names."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == owner
        and node.attr in {*Role.__members__, *Permission.__members__}
    }


def test_a_role_is_named_where_it_is_given_or_taken_and_never_to_judge() -> None:
    naming = {
        name
        for name, tree in modules()
        if members_named(tree, "Role")
        or any(
            isinstance(node, ast.Attribute) and node.attr == "is_admin" for node in ast.walk(tree)
        )
        or any(
            isinstance(node, ast.FunctionDef) and node.name == "is_admin" for node in ast.walk(tree)
        )
    }

    assert naming == set(NAME_ROLES)


def test_every_permission_is_asked_for() -> None:
    asked = {
        permission
        for name, tree in modules()
        for call in ast.walk(tree)
        if name.startswith("application/")
        and isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "require"
        for permission in members_named(call, "Permission")
    }

    assert asked == set(Permission.__members__)


def test_permissions_are_looked_up_in_one_place() -> None:
    """Or somebody could forget the scopes of an API key beside the roles."""
    looking = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "domain.users.roles"
        and {"permits", "PERMISSIONS"} & {alias.name for alias in node.names}
    }

    assert looking == {
        "application/actor.py",
        "entrypoints/settings/people.py",  # which roles a setting may name
    }


def test_every_role_has_its_row_and_no_two_are_the_same() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert len(set(PERMISSIONS.values())) == len(Role)
    assert all(permission in PERMISSIONS[Role.ADMIN] for permission in Permission)
