"""The real API in one process, over a real database: everything but a socket and the workers."""

import json
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote
from uuid import UUID

import attrs
import falcon
from falcon import inspect
from falcon.testing import Result as Answer
from falcon.testing import TestClient

from application.administration.create_admin import CreateAdminRequest
from application.audit import Operator
from domain.users.roles import Role
from entrypoints.container import Platform
from entrypoints.http.problems import PROBLEMS
from entrypoints.preparation import prepare
from entrypoints.settings import load_settings
from tests.http.house import BOUNDARY, form, problem

PASSWORD = "password123"
ADMIN_PASSWORD = "correct horse battery"
KEY = "uN4qZ1vXr8cK0yTgW6mJpB3sLh7eFaD9oRi5UxEw2QtYbVGk"
"""Signs the tokens of every installation, so that a test can sign some as well."""

_UNLIMITED = {
    "SAFELIGHT_LIMITS_SIGN_INS_PER_ADDRESS": "0",
    "SAFELIGHT_LIMITS_UPLOADS_PER_ADDRESS": "0",
    "SAFELIGHT_LIMITS_UPLOADS_PER_USER": "0",
    "SAFELIGHT_LIMITS_WRONG_PASSWORDS_PER_USER": "0",
    "SAFELIGHT_LIMITS_WRONG_PASSWORDS_PER_ADDRESS": "0",
    "SAFELIGHT_LIMITS_FREE_BYTES": "0",
    "SAFELIGHT_LIMITS_QUEUED_TASKS": "1000000000",
    "SAFELIGHT_LIMITS_QUEUED_TASKS_PER_USER": "1000000000",
    # Whoever signs in once may take hours over what there is to send.
    "SAFELIGHT_TOKENS_LIFETIME_SECONDS": "86400",
}


@attrs.frozen
class Person:
    """Somebody who is signed in."""

    user_id: UUID
    name: str
    token: str
    refresh_token: str

    @property
    def email(self) -> str:
        return f"{self.name}@example.com"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@attrs.frozen
class Route:
    """A method on an address, as the application has it."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def at(self, **values: str) -> str:
        """Return an address of it; what is not given is `x`."""
        address = self.path
        for name in self.variables:
            address = address.replace(f"{{{name}}}", values.get(name, "x"))
        return address

    @property
    def variables(self) -> list[str]:
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]


class Installation:
    """
    The API with its use cases, database and store; nobody works through its queue.

    What it keeps lies in memory where that is possible, so that no disk is waited for.

    Args:
        database_url: Of an empty database; a file of its own without.
        environ: Settings in place of those that limit nothing.
    """

    def __init__(self, database_url: str | None = None, **environ: str) -> None:
        memory = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
        self.database_url = database_url
        given = {} if database_url is None else {"SAFELIGHT_DATABASE_URL": database_url}
        base = {"SAFELIGHT_DATA_DIR": str(self.folder), "SAFELIGHT_TOKENS_KEY": KEY}
        self.settings = load_settings(base | _UNLIMITED | given | environ)
        prepare(self.settings)
        self.platform = Platform(settings=self.settings)
        self.app: falcon.App[Any, Any] = self.platform.http_app()
        self.client = TestClient(self.app)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Exception):
            self.platform.adapters().database().close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def routes(self) -> list[Route]:
        """Return every route that is served, but for those that only tell of others."""
        return [
            Route(method.method, route.path)
            for route in inspect.inspect_app(self.app).routes
            for method in route.methods
            if not method.internal and method.method != "HEAD"
        ]

    def sign_up(self, name: str, password: str = PASSWORD) -> Person:
        """Open an account, and sign in."""
        body = {"username": name, "email": f"{name}@example.com", "password": password}
        answer = self.client.simulate_post("/api/auth/register", json=body)
        assert answer.status_code == 201, answer.text
        return self.sign_in(name, password)

    def make_admin(self, name: str) -> Person:
        """Make an administrator as an operator does, and sign in as them."""
        self.platform.use_cases().create_admin()(
            CreateAdminRequest(
                Operator("admin create"), name, f"{name}@example.com", ADMIN_PASSWORD
            )
        )
        return self.sign_in(name, ADMIN_PASSWORD)

    def sign_in(self, name: str, password: str = PASSWORD) -> Person:
        """Open a session of an account."""
        pair = {"email": f"{name}@example.com", "password": password}
        answer = self.client.simulate_post("/api/auth/login", json=pair)
        assert answer.status_code == 200, answer.text
        with self.platform.adapters().database().reading() as work:
            user = work.users.by_email(f"{name}@example.com")
        assert user is not None
        return Person(user.id, name, answer.json["token"], answer.headers["x-refresh-token"])

    def roles_of(self, person: Person) -> frozenset[Role]:
        with self.platform.adapters().database().reading() as work:
            user = work.users.by_email(person.email)
        assert user is not None
        return user.roles

    def send(self, method: str, path: str, who: Person | None = None, **options: Any) -> Answer:
        """Ask for something as somebody."""
        headers = (who.headers if who else {}) | options.pop("headers", {})
        return self.client.simulate_request(method, path, headers=headers, **options)

    def send_json(
        self,
        method: str,
        path: str,
        body: bytes | object,
        who: Person | None = None,
        **options: Any,
    ) -> Answer:
        """Send a body, as bytes or to be written out, as somebody."""
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"} | options.pop("headers", {})
        return self.send(method, path, who, body=data, headers=headers, **options)

    def send_form(
        self, path: str, parts: list[bytes], who: Person | None = None, **options: Any
    ) -> Answer:
        """Send a form."""
        body = form(*parts)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(len(body)),
        } | options.pop("headers", {})
        return self.send("POST", path, who, body=body, headers=headers, **options)


def in_path(text: str) -> str:
    """Return *text* as a part of an address."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def refusal(answer: Answer) -> tuple[int, str]:
    """Return status and code of a refusal, after making sure that it is none of our failures."""
    status, code = problem(answer)
    assert 400 <= status < 500, answer.text
    assert PROBLEMS[code].status == status
    return status, code


def without_id(answer: Answer) -> dict[str, Any]:
    """Return a problem document but for what differs with every answer."""
    return {name: value for name, value in answer.json.items() if name != "requestId"}
