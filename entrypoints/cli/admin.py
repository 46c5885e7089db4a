# ruff: noqa: PLC0415, T201  # imports wait for their command; a command line prints
"""`safelight admin`: make the first administrator, give and take the role."""

import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from entrypoints.cli.configuration import prepared_platform
from entrypoints.mistakes import OperatorMistake

_MAX_PASSWORD_BYTES = 1024
_Yes = Annotated[bool, Parameter(name="--yes", negative=())]

app = App(
    name="admin",
    help="""Administrators: make the first one, give others the role, take it away; erase accounts.

An administrator sees and changes every account, task and shared thing, by /api/admin. Start with
`safelight admin create NAME ADDRESS`, which asks for a password; then sign in as anybody does.""",
)


@app.command
def create(username: str, email: str, /, *, password_file: Path | None = None) -> None:
    """
    Open an account that looks after the platform.

    Asks for its password twice, without showing it. A script says where it lies instead: it never
    belongs on a command line, where everybody on the machine can see it.

    Parameters
    ----------
    username
        What it is called, 1 to 64 characters.
    email
        By which it signs in.
    password_file
        A file whose first line is the password, or - for the standard input.
    """
    from application.administration.create_admin import CreateAdminRequest
    from application.audit import Operator
    from application.errors import AlreadyExists
    from domain.errors import DomainError

    password = _typed() if password_file is None else _first_line_of(password_file)
    with prepared_platform() as platform:
        try:
            user_id = platform.use_cases().create_admin()(
                CreateAdminRequest(Operator("admin create"), username, email, password)
            )
        except AlreadyExists as refusal:
            raise OperatorMistake(
                f"{refusal.detail} `safelight admin grant-role {email}` makes an account that is "
                "there an administrator"
            ) from None
        except DomainError as refusal:
            what = (refusal.pointer or "").removeprefix("/")
            raise OperatorMistake(f"the {what} {refusal.detail}", exit_code=2) from None
    print(f"Administrator {username} is there, with the id {user_id}.")


@app.command
def grant_role(user: str, role: Literal["admin", "user"] = "admin", /) -> None:
    """
    Give an account a role; it has it from its next request on.

    Parameters
    ----------
    user
        Its address, name or id.
    role
        Which role.
    """
    _change(user, role, "grant-role", give=True)


@app.command
def revoke_role(user: str, role: Literal["admin", "user"] = "admin", /) -> None:
    """
    Take a role from an account, at once; the last administrator keeps theirs.

    Parameters
    ----------
    user
        Its address, name or id.
    role
        Which role.
    """
    _change(user, role, "revoke-role", give=False)


@app.command
def erase_user(user: str, /, *, yes: _Yes = False) -> None:
    """
    End an account at once, and have everything that belongs to it destroyed, pictures above all.

    What is destroyed stands in the receipt; nothing brings it back. The last administrator stays.

    Parameters
    ----------
    user
        Its address, name or id.
    yes
        You know that this cannot be undone.
    """
    if not yes:
        raise OperatorMistake(
            "erasing an account destroys its pictures for good; say --yes if that is what you want",
            exit_code=2,
        )
    from application.administration.erase_user import EraseUserRequest
    from application.audit import Operator
    from application.errors import ApplicationError

    with prepared_platform() as platform:
        use_cases = platform.use_cases()
        try:
            found = use_cases.find_user()(user)
            request = EraseUserRequest(Operator("admin erase-user"), found.id)
            erasure_id = use_cases.erase_user()(request)
        except ApplicationError as refusal:
            raise OperatorMistake(refusal.detail) from None
        base_url = platform.settings().base_url
    print(f"{found.username} is erased. The receipt: {base_url}/api/erasures/{erasure_id}")


def _change(text: str, name: str, command: str, *, give: bool) -> None:
    from application.administration.change_user import ChangeUserRequest
    from application.audit import Operator
    from application.errors import ApplicationError
    from domain.errors import DomainError
    from domain.users.roles import Role

    role = frozenset({Role(name)})
    with prepared_platform() as platform:
        use_cases = platform.use_cases()
        try:
            user = use_cases.find_user()(text)
            roles = user.roles | role if give else user.roles - role
            request = ChangeUserRequest(Operator(f"admin {command}"), user.id, roles)
            changed = use_cases.change_user()(request)
        except (ApplicationError, DomainError) as refusal:
            raise OperatorMistake(refusal.detail) from None
    has = ", ".join(sorted(one.value for one in changed.roles))
    same = " Nothing changed." if changed == user else ""
    print(f"{changed.username} has the roles: {has}.{same}")


def _typed() -> str:
    if not sys.stdin.isatty():
        raise OperatorMistake(
            "there is no terminal to ask for the password; say --password-file FILE, or - for the "
            "standard input",
            exit_code=2,
        )
    try:
        password = getpass("Password: ")
        again = getpass("Once more: ")
    except (EOFError, KeyboardInterrupt):
        raise OperatorMistake("no password was given; nothing was changed") from None
    if password != again:
        raise OperatorMistake("the two passwords differ; nothing was changed")
    return password


def _first_line_of(path: Path) -> str:
    try:
        if str(path) == "-":
            content = sys.stdin.buffer.read(_MAX_PASSWORD_BYTES)
        else:
            with path.open("rb") as file:
                content = file.read(_MAX_PASSWORD_BYTES)
        return content.decode("utf-8").partition("\n")[0].removesuffix("\r")
    except OSError as error:
        raise OperatorMistake(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise OperatorMistake(f"{path} is not UTF-8 text") from None
