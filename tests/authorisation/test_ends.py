"""What ends a session, or a right, ends it at once: the very next request finds it ended."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import attrs
import pytest

from application.administration.erase_user import EraseUserRequest
from application.audit import Operator
from domain.notifications.letter import LetterKind
from domain.users.roles import Role
from domain.users.scopes import Scope
from tests.authorisation.estate import NEW_PASSWORD, PASSWORD, Estate, Person, Request

PROFILE: Final = Request("GET", "/api/users/profile")
QUEUES: Final = Request("GET", "/api/admin/queues")
USERS: Final = "/api/admin/users"


@attrs.frozen
class Stage:
    """Ada is signed in at two places and has a key; Root is an administrator."""

    estate: Estate
    ada: Person
    root: Person
    elsewhere: str
    key_id: str
    key: str

    def do(self, method: str, path: str, token: str | None = None, body: Any = None) -> Any:
        return self.estate.done(Request(method, path, body=body), token)

    def change(self, **changes: Any) -> None:
        """Let Root change Ada's account."""
        self.do("PATCH", f"{USERS}/{self.ada.things.user_id}", self.root.token, changes)

    def refresh(self, token: str) -> Any:
        body = {"refreshToken": token}
        return self.estate.ask(Request("POST", "/api/auth/refresh", body=body))

    def answers(self) -> tuple[int, int, int, int]:
        """Return what the token, its refresh token, the other token and the key are answered."""
        ask = self.estate.ask
        token, other = ask(PROFILE, self.ada.token), ask(PROFILE, self.elsewhere)
        key = ask(PROFILE, self.key)
        refreshed = self.refresh(self.ada.refresh_token)
        return (
            token.status_code, refreshed.status_code, other.status_code, key.status_code
        )  # fmt: skip


@pytest.fixture(scope="module")
def stage(estate: Estate) -> Stage:
    root, ada = estate.a_newcomer("rosa", Role.ADMIN), estate.a_newcomer("ada")
    ada.things.reset_token = estate.a_mailed_token(LetterKind.PASSWORD_RESET, ada.things)
    verification = LetterKind.EMAIL_VERIFICATION
    ada.things.verification_token = estate.a_mailed_token(verification, ada.things)
    elsewhere, _ = estate.sign_in(ada.things.email)
    key_id, key = estate.a_key(ada.token, Scope.ACCOUNT_READ)
    estate.remember()
    return Stage(estate, ada, root, elsewhere, key_id, key)


def sign_out(on: Stage) -> None:
    on.do("POST", "/api/auth/logout", on.ada.token)


def end_others(on: Stage) -> None:
    on.do("DELETE", "/api/auth/sessions", on.elsewhere)


def end_that_one(on: Stage) -> None:
    sessions = on.do("GET", "/api/auth/sessions", on.elsewhere)["sessions"]
    [that] = [one["id"] for one in sessions if not one["current"]]
    on.do("DELETE", f"/api/auth/sessions/{that}", on.elsewhere)


def change_password(on: Stage) -> None:
    body = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}
    on.do("POST", "/api/auth/password/change", on.elsewhere, body)


def reset_password(on: Stage) -> None:
    body = {"token": on.ada.things.reset_token, "newPassword": NEW_PASSWORD}
    on.do("POST", "/api/auth/password/reset", body=body)


def reset_password_of_a_verified_address(on: Stage) -> None:
    body = {"token": on.ada.things.verification_token}
    on.do("POST", "/api/auth/verify-email", body=body)
    reset_password(on)


def disable(on: Stage) -> None:
    on.change(disabled=True)


def give_up(on: Stage) -> None:
    on.do("DELETE", "/api/users/me", on.elsewhere, {"password": PASSWORD})


def erase(on: Stage) -> None:
    on.do("DELETE", f"{USERS}/{on.ada.things.user_id}", on.root.token)


def erase_by_command(on: Stage) -> None:
    on.estate.use_cases.erase_user()(
        EraseUserRequest(Operator("admin erase-user"), UUID(on.ada.things.user_id))
    )


def refresh_again(on: Stage) -> None:
    """Send a refresh token again whose successor's successor is there: it has two owners."""
    first = on.ada.refresh_token
    second = on.refresh(first).headers["x-refresh-token"]
    assert on.refresh(second).status_code == 200
    assert on.refresh(first).status_code == 401


def revoke_key(on: Stage) -> None:
    on.do("DELETE", f"/api/api-keys/{on.key_id}", on.ada.token)


ENDS: Final[dict[str, tuple[Callable[[Stage], None], tuple[int, int, int, int]]]] = {
    # what happens:                      token, refresh token, other session's token, API key
    "nothing": (lambda _: None, (200, 200, 200, 200)),
    "signing out": (sign_out, (401, 401, 200, 200)),
    "signing out everywhere else": (end_others, (401, 401, 200, 200)),
    "signing out there": (end_that_one, (401, 401, 200, 200)),
    "changing the password elsewhere": (change_password, (401, 401, 200, 200)),
    "resetting the password": (reset_password_of_a_verified_address, (401, 401, 401, 200)),
    "resetting it, the address unproved": (reset_password, (401, 401, 401, 401)),
    "being disabled": (disable, (401, 401, 401, 401)),
    "giving the account up": (give_up, (401, 401, 401, 401)),
    "being erased by an admin": (erase, (401, 401, 401, 401)),
    "being erased by an operator": (erase_by_command, (401, 401, 401, 401)),
    "a refresh token that comes twice": (refresh_again, (401, 401, 200, 200)),
    "revoking the key": (revoke_key, (200, 200, 200, 401)),
}  # fmt: skip


@pytest.mark.parametrize("what", ENDS)
def test_what_ends_is_over_by_the_next_request(stage: Stage, what: str) -> None:
    happens, expected = ENDS[what]
    try:
        happens(stage)

        assert stage.answers() == expected
    finally:
        stage.estate.restore()


def test_a_role_counts_from_the_next_request_on_and_until_then(stage: Stage) -> None:
    ask, token = stage.estate.ask, stage.ada.token
    try:
        told = [ask(QUEUES, token).status_code]
        for roles in (["user", "admin"], ["user"], ["admin"], ["user"]):
            stage.change(roles=roles)
            told.append(ask(QUEUES, token).status_code)
            assert ask(PROFILE, token).status_code == 200

        assert told == [403, 200, 403, 200, 403]
    finally:
        stage.estate.restore()


def test_who_is_enabled_again_is_let_in_again(stage: Stage) -> None:
    try:
        stage.change(disabled=True)
        stage.change(disabled=False)

        assert stage.answers() == (200, 200, 200, 200)
    finally:
        stage.estate.restore()
