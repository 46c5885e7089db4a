"""
Who asks, in a run of schemathesis.

The tester is the one administrator, so that nobody can shut them out. Whatever ends sessions or
accounts, or changes passwords, is done as a visitor, who is replaced when they are gone. Webhooks
belong to a listener who has no tasks, so that no URL that was drawn by chance is ever called.
"""

import itertools
from collections.abc import Iterator

import attrs
import requests

from tests.running import PASSWORD

_ANSWER_SECONDS = 30
_TRUSTED_FOR = 100
"""Calls after which it is asked whether the tester's token is good still."""
ALL_SCOPES = ["images:read", "images:write", "webhooks:write", "account:read"]

_OF_THE_VISITOR = (
    "/api/auth/logout",
    "/api/auth/sessions",
    "/api/auth/sessions/{session_id}",
    "/api/auth/password/change",
    "/api/users/me",
)


class LockedOut(Exception):
    """The tester is not let in any more, so that nothing that follows would mean anything."""


@attrs.define
class Account:
    """Somebody who is signed in whenever a token is asked for."""

    base: str
    name: str
    password: str = PASSWORD
    _token: str = ""
    _key: str = ""
    _key_id: str = ""

    @property
    def email(self) -> str:
        """Their address."""
        return f"{self.name}@example.com"

    def is_let_in(self) -> bool:
        """Whether the token opens doors."""
        return bool(self._token) and self._ask("GET", "/api/users/profile").status_code == 200

    def token(self) -> str:
        """Return their token; sign in, or up, if there is none."""
        if not self._token:
            person = {"username": self.name, "email": self.email, "password": self.password}
            requests.post(f"{self.base}/api/auth/register", json=person, timeout=_ANSWER_SECONDS)
            answer = requests.post(
                f"{self.base}/api/auth/login",
                json={"email": self.email, "password": self.password},
                timeout=_ANSWER_SECONDS,
            )
            if answer.status_code != 200:
                raise LockedOut(f"{self.name}: {answer.text}")
            self._token = answer.json()["token"]
        return self._token

    def key(self) -> str:
        """Return an API key of theirs with every scope."""
        if not self._key:
            wanted = {"name": "of the run", "scopes": ALL_SCOPES}
            answer = self._ask("POST", "/api/api-keys", json=wanted).json()
            self._key, self._key_id = answer["token"], answer["id"]
        return self._key

    def make_room(self, path: str, listed: str, name: str, most: int) -> None:
        """Delete the oldest of a list but for *most*."""
        kept = [
            one
            for one in self._ask("GET", path).json()[listed]
            if not one.get("revokedAt") and one[name] != self._key_id
        ]
        for one in sorted(kept, key=lambda one: str(one["createdAt"]))[:-most]:
            shared = "?shared=true" if one.get("shared") else ""
            self._ask("DELETE", f"{path}/{requests.utils.quote(one[name], safe='')}{shared}")

    def _ask(self, method: str, path: str, **what: object) -> requests.Response:
        return requests.request(
            method,
            self.base + path,
            headers={"Authorization": f"Bearer {self.token()}"},
            timeout=_ANSWER_SECONDS,
            **what,  # type: ignore[arg-type]
        )


@attrs.define
class Accounts:
    """Everybody who asks."""

    base: str
    tester: Account = attrs.field(init=False)
    listener: Account = attrs.field(init=False)
    visitor: Account = attrs.field(init=False)
    _calls: Iterator[int] = attrs.field(factory=itertools.count)
    _visitors: Iterator[int] = attrs.field(factory=itertools.count)

    def __attrs_post_init__(self) -> None:
        self.tester = Account(self.base, "tester")
        self.listener = Account(self.base, "listener")
        self.visitor = Account(self.base, "visitor")

    def of(self, path: str) -> Account:
        """Return who asks at *path*, signed in."""
        if path.startswith("/api/webhooks"):
            if not self.listener.is_let_in():
                self.listener = Account(self.base, f"listener{next(self._visitors)}")
            return self.listener
        if path in _OF_THE_VISITOR:
            if not self.visitor.is_let_in():
                self.visitor = Account(self.base, f"visitor{next(self._visitors)}")
            return self.visitor
        if next(self._calls) % _TRUSTED_FOR == 0:
            self.tester.token()
            if not self.tester.is_let_in():
                raise LockedOut("the tester's token is good no longer")
        return self.tester
