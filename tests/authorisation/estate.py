"""
A platform with people who have one of everything, to ask it what each of them may.

Everything is real: the database, the store, the tokens, the sandbox that draws the pictures. The
API is called as a WSGI application. What a request changed is seen in the tables and the store, and
undone before the next one.
"""

import io
import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import attrs
from dependency_injector import providers
from falcon import inspect
from falcon.testing import Result as Answer
from falcon.testing import TestClient
from PIL import Image

from adapters.security.argon2_hasher import Argon2PasswordHasher
from application.accounts.known_providers import KnownProvider
from application.administration.change_user import ChangeUserRequest
from application.audit import Operator
from domain.notifications.letter import Letter, LetterKind
from domain.users.identity import Identity
from domain.users.roles import Role
from domain.users.scopes import Scope
from entrypoints.container import Platform
from entrypoints.preparation import prepare
from entrypoints.settings import load_settings
from tests.fake_identity_provider import ISSUER, FakeIdentityProvider

PASSWORD: Final = "correct horse battery"
NEW_PASSWORD: Final = "another horse entirely"
BOUNDARY: Final = "estate"
WEBHOOK_URL: Final = "https://hooks.example.com/safelight"

# Tells when a key was used, and is told by the minute.
_VOLATILE: Final = {"api_keys": ("last_used_at",)}


@attrs.frozen
class Request:
    """A request but for who sends it."""

    method: str
    path: str
    query: str = ""
    body: Any = None
    parts: Sequence[tuple[str, str | None, bytes]] = ()
    """Of a form: name, file name or None, content."""


@attrs.define
class Things:
    """
    One of everything that somebody may own, by what the addresses call it.

    Attributes:
        password: What its owner signs in with.
    """

    username: str
    email: str
    user_id: str
    password: str = PASSWORD
    image_id: str = ""
    task_id: str = ""
    waiting_image: str = ""
    waiting_task: str = ""
    failed_task: str = ""
    link: str = ""
    preset: str = ""
    asset: str = ""
    webhook_id: str = ""
    key_id: str = ""
    identity_id: str = ""
    session_id: str = ""
    refresh_token: str = ""
    reset_token: str = ""
    verification_token: str = ""

    @property
    def marks(self) -> list[str]:
        """Everything by which a thing of theirs would be known in an answer to somebody else."""
        return [value for value in attrs.astuple(self) if value and value != self.password]

    def like_these(self) -> "Things":
        """Return things of the same form that nobody has."""
        made_up = {
            field.name: str(uuid4())
            for field in attrs.fields(Things)
            if _is_id(getattr(self, field.name))
        }
        return attrs.evolve(
            self, preset=_other_end(self.preset), asset=_other_end(self.asset), **made_up
        )


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _other_end(name: str) -> str:
    """Return a name as long that is nobody's."""
    return f"{name[:-4]}none"


@attrs.define
class Person:
    """Somebody with an account: their token, and what they own."""

    token: str
    refresh_token: str
    things: Things


class Estate:
    """The platform, its people, and the way back to how it was."""

    def __init__(self, folder: Path, *, quick_hashes: bool = True) -> None:
        # Nothing is throttled: everybody asks everything, within seconds.
        environ = {"SAFELIGHT_DATA_DIR": str(folder)} | {
            f"SAFELIGHT_LIMITS_{name}": "0"
            for name in (
                "SIGN_INS_PER_ADDRESS",
                "WRONG_PASSWORDS_PER_USER",
                "WRONG_PASSWORDS_PER_ADDRESS",
                "UPLOADS_PER_ADDRESS",
                "UPLOADS_PER_USER",
            )
        }
        self.settings = load_settings(environ)
        prepare(self.settings)
        self.platform = Platform(settings=self.settings)
        self.adapters = self.platform.adapters()
        if quick_hashes:
            self.adapters.password_hasher.override(
                providers.Object(Argon2PasswordHasher(memory_kib=8, passes=1))
            )
        company = KnownProvider("company", ISSUER, FakeIdentityProvider())
        self.adapters.identity_providers.override(providers.Object({"company": company}))
        self.app = self.platform.http_app()
        self.client = TestClient(self.app)
        self.use_cases = self.platform.use_cases()
        self._beside = sqlite3.connect(
            self.settings.database_file, timeout=10, isolation_level=None
        )
        self._beside.execute("PRAGMA synchronous = OFF")
        self._before = sqlite3.connect(":memory:")
        self._tables: dict[str, list[tuple[Any, ...]]] = {}
        self._files: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.adapters.errands().finish()
        self.adapters.image_editor().close()
        self.adapters.database().close()
        self._beside.close()
        self._before.close()

    # --- asking ------------------------------------------------------------------------------

    def ask(self, request: Request, token: str | None = None, **headers: str) -> Answer:
        """Send *request* with *token*, None for none."""
        sent = dict(headers)
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        body: bytes | None = None
        if request.parts:
            sent["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
            body = _form(request.parts)
        elif request.body is not None:
            sent["Content-Type"] = "application/json"
            body = json.dumps(request.body).encode()
        return self.client.simulate_request(
            request.method, request.path, query_string=request.query, body=body, headers=sent
        )

    def doors(self) -> set[tuple[str, str]]:
        """Return method and path of every route that is served, as the application has them."""
        return {
            (method.method, route.path)
            for route in inspect.inspect_app(self.app).routes
            for method in route.methods
            if not method.internal and method.method != "HEAD"
        }

    def done(self, request: Request, token: str | None = None) -> Any:
        """Send *request*, which works, and return what it is answered."""
        answer = self.ask(request, token)
        assert answer.status_code < 300, answer.text
        return answer.json if answer.content else None

    # --- people ------------------------------------------------------------------------------

    def a_person(self, name: str, *roles: Role) -> Person:
        """Register *name* and have them own one of everything."""
        person = self.a_newcomer(name, *roles)
        self.furnish(person)
        return person

    def a_newcomer(self, name: str, *roles: Role) -> Person:
        """Register *name*, give them *roles*, and sign them in."""
        email = f"{name}@example.com"
        newcomer = {"username": name, "email": email, "password": PASSWORD}
        self.done(Request("POST", "/api/auth/register", body=newcomer))
        with self.adapters.database().reading() as work:
            user = work.users.by_email(email)
        assert user is not None
        if roles:
            self.use_cases.change_user()(
                ChangeUserRequest(Operator("admin grant-role"), user.id, user.roles | {*roles})
            )
        token, refresh_token = self.sign_in(email)
        return Person(token, refresh_token, Things(name, email, str(user.id)))

    def sign_in(self, email: str, password: str = PASSWORD) -> tuple[str, str]:
        """Begin a session; return its token and its refresh token."""
        body = {"email": email, "password": password}
        answer = self.ask(Request("POST", "/api/auth/login", body=body))
        assert answer.status_code == 200, answer.text
        return answer.json["token"], answer.headers["x-refresh-token"]

    def furnish(self, person: Person) -> None:
        """Have *person* own one of everything."""
        things, token = person.things, person.token
        ends_in = things.username[:4].ljust(4, "x")
        things.preset, things.asset = f"card-{ends_in}", f"mark-{ends_in}"
        picture = a_picture()
        done = self.done(upload(picture, {"resize": "16x12", "analyze": ["dimensions"]}), token)
        things.image_id = done["imageId"]
        things.task_id = self._task_of(things.image_id)
        self.use_cases.process_task()(UUID(things.task_id))
        path = f"/api/images/{things.image_id}/download"
        link = urlsplit(self.done(Request("GET", path), token)["downloadUrl"])
        things.link = f"{link.path}?{link.query}"
        broken = self.done(upload(picture[: len(picture) // 2]), token)["imageId"]
        things.failed_task = self._task_of(broken)
        self.use_cases.process_task()(UUID(things.failed_task))
        things.waiting_image = self.done(upload(picture), token)["imageId"]
        things.waiting_task = self._task_of(things.waiting_image)
        options = {"name": things.preset, "processingOptions": {"resize": "8x8"}}
        self.done(Request("POST", "/api/presets", body=options), token)
        self.done(keep(picture, things.asset), token)
        webhook = self.done(Request("POST", "/api/webhooks", body={"url": WEBHOOK_URL}), token)
        things.webhook_id = webhook["id"]
        things.key_id = self.a_key(token, Scope.IMAGES_READ)[0]
        things.identity_id = self._an_identity(things.user_id)
        _, things.refresh_token = self.sign_in(things.email, things.password)
        sessions = self.done(Request("GET", "/api/auth/sessions"), token)["sessions"]
        things.session_id = next(one["id"] for one in sessions if not one["current"])
        things.reset_token = self.a_mailed_token(LetterKind.PASSWORD_RESET, things)
        things.verification_token = self.a_mailed_token(LetterKind.EMAIL_VERIFICATION, things)

    def _an_identity(self, user_id: str) -> str:
        identity = Identity(
            id=uuid4(),
            user_id=UUID(user_id),
            issuer=ISSUER,
            subject=f"subject of {user_id}",
            email=None,
            created_at=datetime.now(UTC),
        )
        with self.adapters.database().writing() as work:
            work.identities.add(identity)
            work.commit()
        return str(identity.id)

    def a_key(self, token: str, *scopes: Scope) -> tuple[str, str]:
        """Make an API key; return its id and its token."""
        body = {"name": "a program's", "scopes": [scope.value for scope in scopes]}
        made = self.done(Request("POST", "/api/api-keys", body=body), token)
        return made["id"], made["token"]

    def an_expired_token(self, person: Person) -> str:
        """Return a token of a session that lives, which was good until half an hour ago."""
        tokens = self.adapters.access_tokens()
        with self.adapters.database().reading() as work:
            found = work.sessions.with_user(tokens.session_id(person.token))
        assert found is not None
        then = datetime.now(UTC) - timedelta(minutes=45)
        return tokens.issue(found[0], issued_at=then, expires_at=then + timedelta(minutes=15))

    def an_erasure(self) -> str:
        """Return the id of the receipt of somebody who has left."""
        gone = self.a_newcomer("gone")
        request = Request("DELETE", "/api/users/me", body={"password": PASSWORD})
        return str(self.done(request, gone.token)["receiptUrl"].rpartition("/")[2])

    def _task_of(self, image_id: str) -> str:
        with self.adapters.database().reading() as work:
            task = work.tasks.newest_of(UUID(image_id))
        assert task is not None
        return str(task.id)

    def a_mailed_token(self, kind: LetterKind, things: Things) -> str:
        """Return the token of a letter that has reached its owner."""
        token, now = self.adapters.opaque_tokens().make(), datetime.now(UTC)
        user_id = UUID(things.user_id)
        letter = Letter(
            id=uuid4(),
            kind=kind,
            address=things.email,
            user_id=user_id,
            created_at=now,
            due_at=now,
        )
        letter.succeed()
        with self.adapters.database().writing() as work:
            work.letters.add(letter)
            work.letters.keep_token(letter.id, user_id, token.sha256, now + timedelta(minutes=10))
            work.commit()
        return token.text

    # --- what changes, and back --------------------------------------------------------------

    def remember(self) -> None:
        """Take the platform as it is now for how it has to be before each request."""
        self.adapters.errands().finish()
        self._beside.backup(self._before)
        self._tables = self._dump()
        store = self.adapters.object_store()
        for key in store.keys():  # noqa: SIM118  # a store is no mapping
            with closing(store.open(key)) as file:
                self._files[key] = file.read()

    def changes(self) -> list[str]:
        """Return what is not as it was: tables by their names, files by their keys."""
        self.adapters.errands().finish()
        now = self._dump()
        changed = [name for name, rows in now.items() if rows != self._tables[name]]
        return changed + sorted(self._stored() ^ self._files.keys())

    def restore(self) -> None:
        """Bring everything back to how it was."""
        self.adapters.errands().finish()
        self._before.backup(self._beside)
        stored, store = self._stored(), self.adapters.object_store()
        for key in stored - self._files.keys():
            store.delete(key)
        for key in self._files.keys() - stored:
            with store.stage() as staged:
                staged.write(self._files[key])
                store.put(key, staged)

    def _stored(self) -> set[str]:
        return set(self.adapters.object_store().keys())

    def _dump(self) -> dict[str, list[tuple[Any, ...]]]:
        query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        return {name: self._rows(name) for (name,) in self._beside.execute(query).fetchall()}

    def _rows(self, table: str) -> list[tuple[Any, ...]]:
        columns = [
            name
            for (_, name, *_) in self._beside.execute(f"PRAGMA table_xinfo({table})")
            if name not in _VOLATILE.get(table, ())
        ]
        return self._beside.execute(
            f"SELECT {', '.join(columns)} FROM {table} ORDER BY {', '.join(columns)}"
        ).fetchall()


def a_picture() -> bytes:
    """Return a small photo, as a file."""
    file = io.BytesIO()
    picture = Image.effect_mandelbrot((64, 48), (-2.0, -1.5, 1.0, 1.5), 20)
    picture.convert("RGB").save(file, "JPEG", quality=90)
    return file.getvalue()


def upload(picture: bytes, options: Mapping[str, Any] | None = None) -> Request:
    """Return the request that uploads *picture*."""
    parts: list[tuple[str, str | None, bytes]] = [("image", "photo.jpg", picture)]
    if options is not None:
        parts.append(("processingOptions", None, json.dumps(options).encode()))
    return Request("POST", "/api/images/upload", parts=parts)


def keep(picture: bytes, name: str, *, shared: bool = False) -> Request:
    """Return the request that keeps *picture* as an asset."""
    texts = (("name", None, name.encode()), ("shared", None, str(shared).lower().encode()))
    return Request("POST", "/api/assets", parts=[*texts, ("asset", "file.bin", picture)])


def _form(parts: Sequence[tuple[str, str | None, bytes]]) -> bytes:
    body = b""
    for name, file_name, content in parts:
        disposition = f'form-data; name="{name}"'
        if file_name is not None:
            disposition += f'; filename="{file_name}"'
        head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n"
        body += head.encode() + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()
