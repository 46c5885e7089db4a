"""`safelight admin`, run as an operator runs it."""

import os
import pty
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest

from adapters.persistence.sqlite import SqliteDatabase
from adapters.security.argon2_hasher import Argon2PasswordHasher
from application.ports.repositories.audit_trail import AuditFilter
from domain.users.audit import AuditAction
from domain.users.roles import Role
from domain.users.user import User
from tests.unit.entrypoints.test_command_line import safelight

PASSWORD = "correct horse battery"
ROOT = ("root", "root@example.com")


class Server:
    """A data directory as `safelight migrate` leaves it."""

    def __init__(self, folder: Path) -> None:
        self.here = {"SAFELIGHT_DATA_DIR": str(folder)}
        assert safelight("migrate", **self.here).returncode == 0
        self.database = SqliteDatabase(folder / "safelight.sqlite")
        self.secret = folder / "secret"
        self.secret.write_text(f"{PASSWORD}\n", "utf-8")

    def admin(self, *words: str) -> tuple[int, str]:
        outcome = safelight("admin", *words, **self.here)
        return outcome.returncode, outcome.stdout + outcome.stderr

    def create(self, *who: str) -> tuple[int, str]:
        return self.admin("create", *(who or ROOT), "--password-file", str(self.secret))

    def user(self, email: str = ROOT[1]) -> User | None:
        with self.database.reading() as work:
            return work.users.by_email(email)

    def trail(self) -> list[tuple[AuditAction, str | None]]:
        with self.database.reading() as work:
            page = work.audit.page(AuditFilter(), None, 100)
        return [(entry.record.action, entry.record.command) for entry in reversed(page)]


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path / "data")


def test_the_commands_teach() -> None:
    for words in ([], ["create"], ["grant-role"], ["revoke-role"], ["erase-user"]):
        outcome = safelight("admin", *words, "--help")

        assert outcome.returncode == 0, outcome.stderr
        assert "Usage: safelight admin" in outcome.stdout
    assert "safelight admin create NAME ADDRESS" in safelight("admin", "--help").stdout


def test_the_first_admin_is_made_with_the_password_of_a_file(server: Server) -> None:
    code, told = server.create()

    user = server.user()
    assert code == 0, told
    assert user is not None
    assert str(user.id) in told
    assert PASSWORD not in told
    assert user.roles == {Role.USER, Role.ADMIN}
    assert Argon2PasswordHasher().verify(PASSWORD, user.password_hash)
    assert server.trail() == [(AuditAction.CREATE_ADMIN, "admin create")]


def test_the_password_is_asked_for_twice_and_not_shown(server: Server) -> None:
    here, there = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "entrypoints.cli", "admin", "create", *ROOT],
        stdin=there,
        stdout=there,
        stderr=there,
        start_new_session=True,
        env=os.environ | server.here,
        close_fds=True,
    ) as process:
        os.close(there)
        shown = b""
        for question in (b"Password:", b"Once more:"):
            shown += _until(here, question)
            os.write(here, PASSWORD.encode() + b"\n")
        shown += _until(here, b"is there")
        assert process.wait(30) == 0
    os.close(here)

    assert server.user() is not None
    assert PASSWORD.encode() not in shown


def _until(terminal: int, text: bytes) -> bytes:
    shown, deadline = b"", time.monotonic() + 30
    while text not in shown:
        assert time.monotonic() < deadline, shown
        shown += os.read(terminal, 1024)
    return shown


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "the password must have 8"),
        ("only eleven", "the password must have at least 12"),
        ("aaaaaaaaaaaabb", "the password must have at least 5 different"),
        ("my name is Root!", "the password must not hold"),
        ("", "the password must have 8"),
    ],
)
def test_a_weak_password_is_refused(server: Server, password: str, why: str) -> None:
    server.secret.write_text(password, "utf-8")

    code, told = server.create()

    assert (code, server.user()) == (2, None)
    assert why in told


def test_without_a_terminal_it_says_how_to_go_on(server: Server) -> None:
    code, told = server.admin("create", *ROOT)

    assert code == 2
    assert "--password-file" in told
    assert server.user() is None


def test_what_cannot_be_an_account_is_refused_in_one_line(server: Server) -> None:
    assert server.create("root", "nowhere") == (
        2, "safelight: the email must be an e-mail address such as ada@example.com\n",
    )  # fmt: skip
    assert server.create()[0] == 0

    code, told = server.create()

    assert code == 1
    assert "safelight admin grant-role root@example.com" in told
    assert len(told.splitlines()) == 1


def test_roles_are_given_and_taken_but_for_the_last_admins(server: Server) -> None:
    server.create()
    server.create("second", "second@example.com")

    taken = server.admin("revoke-role", "SECOND")
    again = server.admin("revoke-role", "second@example.com")
    last = server.admin("revoke-role", "root")
    given = server.admin("grant-role", "second@example.com")

    assert taken == (0, "second has the roles: user.\n")
    assert again == (0, "second has the roles: user. Nothing changed.\n")
    assert last[0] == 1
    assert "Nobody else looks after the platform" in last[1]
    assert given == (0, "second has the roles: admin, user.\n")
    assert server.admin("grant-role", "nobody")[0] == 1
    assert server.trail()[2:] == [
        (AuditAction.CHANGE_ROLES, "admin revoke-role"),
        (AuditAction.CHANGE_ROLES, "admin grant-role"),
    ]


def test_an_account_is_erased_but_for_the_last_admins(server: Server) -> None:
    server.create()
    server.create("second", "second@example.com")
    assert "say --yes" in server.admin("erase-user", "second")[1]
    second = server.user("second@example.com")
    assert second is not None

    code, told = server.admin("erase-user", "second@example.com", "--yes")

    assert code == 0, told
    assert server.user("second@example.com") is None
    erasure_id = UUID(told.strip().rpartition("/api/erasures/")[2])
    with server.database.reading() as work:
        erasure = work.erasures.get(erasure_id)
    assert erasure is not None and erasure.user_id == second.id
    code, told = server.admin("erase-user", "root", "--yes")
    assert (code, "Nobody else looks after the platform" in told) == (1, True), told
    code, told = server.admin("erase-user", "second@example.com", "--yes")
    assert (code, "There is no account" in told) == (1, True), told
    assert server.trail()[-1] == (AuditAction.ERASE_ACCOUNT, "admin erase-user")
