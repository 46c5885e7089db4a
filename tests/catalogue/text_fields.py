"""Every place where a request carries text, and how it is sent there."""

import os
import unicodedata
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import attrs
from falcon.testing import Result as Answer

from tests.catalogue.bodies import JSON_BODIES
from tests.catalogue.installation import (
    ADMIN_PASSWORD,
    Installation,
    Person,
    Route,
    in_path,
    refusal,
)
from tests.http.house import form, image_part, options_part, part
from tests.pictures import small_jpeg

WHOLE: Final = os.environ.get("SAFELIGHT_TEST_STRINGS") == "whole"
"""Whether every string goes through every field; else fields take turns."""

_NUMBERS = count(1)


@attrs.frozen
class Desk:
    """An installation, an administrator who asks for things, and an id of nothing."""

    api: Installation
    who: Person
    nobody: str = attrs.field(factory=lambda: str(uuid4()))


Send = Callable[[Desk, str], Answer]


@attrs.frozen
class TextField:
    """
    A place for text in a request.

    Attributes:
        one_in: Of how many strings it gets one, unless all are asked for; what makes a hash of a
            password gets few.
    """

    name: str
    send: Send
    one_in: int = 16

    def __str__(self) -> str:
        return self.name

    def share(self, strings: list[str], number: int) -> list[str]:
        """Return the strings that it gets as the field of that *number*."""
        return strings if WHOLE else strings[number % self.one_in :: self.one_in]


def text_fields() -> list[TextField]:
    """Return every field whose text is judged, looked for or used, and what it is looked for by."""
    return [
        *_in_bodies(),
        *_in_options(),
        *_in_forms(),
        *_in_queries(),
        *_in_paths(),
        *_in_headers(),
    ]


def _json(route: Route, pointer: tuple[str | int, ...]) -> Send:
    def send(desk: Desk, text: str) -> Answer:
        body = _with(JSON_BODIES.get(route, {}), pointer, text)
        address = route.at(user_id=desk.nobody, name="no-such-preset")
        return _without_trace(desk, desk.api.send_json(route.method, address, body, desk.who))

    return send


def _without_trace(desk: Desk, answer: Answer) -> Answer:
    """Remove what was made, because there may be so many of each."""
    if answer.status_code == 201 and "location" in answer.headers:
        removed = desk.api.send("DELETE", answer.headers["location"], desk.who)
        assert removed.status_code == 204, removed.text
    return answer


def _with(document: Any, pointer: tuple[str | int, ...], text: str) -> Any:
    """Return *document* with *text* at a place, which is made if it is not there."""
    if not pointer:
        return text
    name, rest = pointer[0], pointer[1:]
    if isinstance(name, int):
        return [_with({}, rest, text)]
    inner = document.get(name) if isinstance(document, dict) else None
    return {**(document if isinstance(document, dict) else {}), name: _with(inner, rest, text)}


_HASHES: Final = 83
"""One in so many where each costs the hash of a password."""


def _in_bodies() -> Iterator[TextField]:
    for method, path, names in (
        ("POST", "/api/auth/register", ("username", "email", "password")),
        ("POST", "/api/auth/login", ("email", "password")),
        ("POST", "/api/auth/password/change", ("currentPassword", "newPassword")),
        ("DELETE", "/api/users/me", ("password",)),
    ):
        for name in names:
            yield TextField(
                f"{method} {path} /{name}", _json(Route(method, path), (name,)), _HASHES
            )
    for method, path, pointers in (
        ("POST", "/api/auth/logout", (("token",),)),
        ("POST", "/api/auth/refresh", (("refreshToken",),)),
        ("POST", "/api/auth/password/forgot", (("email",),)),
        ("POST", "/api/auth/password/reset", (("token",), ("newPassword",))),
        ("POST", "/api/auth/verify-email", (("token",),)),
        ("POST", "/api/auth/identities", (("provider",), ("currentPassword",))),
        ("GET", "/api/users/profile", (("userId",),)),
        ("POST", "/api/api-keys", (("scopes", 0), ("presets", 0), ("expiresInDays",))),
        ("POST", "/api/webhooks", (("url",),)),
        ("POST", "/api/presets", (("name",), ("processingOptions",), ("locked",))),
        ("PUT", "/api/presets/{name}", (("processingOptions",),)),
        ("POST", "/api/pipelines/plan", (("image", "imageId"), ("image", "format"))),
        ("PATCH", "/api/admin/users/{user_id}", (("roles", 0), ("disabled",))),
    ):
        for pointer in pointers:
            where = "/".join(map(str, pointer))
            yield TextField(f"{method} {path} /{where}", _json(Route(method, path), pointer))
    for route in JSON_BODIES:
        yield TextField(f"{route}, a member's name", _member_of(route))


def _member_of(route: Route) -> Send:
    def send(desk: Desk, text: str) -> Answer:
        body = {text: "x"} | JSON_BODIES[route]
        if text in JSON_BODIES[route]:
            body = {text: 5} if route.path != "/api/pipelines/plan" else {text: [5]}
        address = route.at(user_id=desk.nobody, name="no-such-preset")
        return desk.api.send_json(route.method, address, body, desk.who)

    return send


def _in_options() -> Iterator[TextField]:
    """Texts of the language, in a plan: they are read by one reader wherever they come."""
    plan = Route("POST", "/api/pipelines/plan")
    for pointer in (
        ("resize",), ("watermark",), ("format",), ("preset",), ("filters", 0), ("crop",), ("background",),
        ("sampling",), ("priority",), ("notify", "webhook"), ("notify", "on", 0), ("analyze", 0),
        ("pipeline",), ("pipeline", 0, "op"), ("output", "format"), ("output", "background"),
        ("variants", 0, "name"), ("source", "page"), ("version",), (),
    ):  # fmt: skip
        where = "/".join(map(str, pointer))
        yield TextField(f"options, /{where}", _json(plan, ("processingOptions", *pointer)))
    for member in ("text", "font", "image", "gravity", "color", "width", "size", "align", "blend"):
        yield TextField(f"options, a watermark's {member}", _watermark(member))


def _watermark(member: str) -> Send:
    def send(desk: Desk, text: str) -> Answer:
        step = {"op": "watermark"} | ({} if member in ("text", "image") else {"text": "x"})
        body = {"processingOptions": {"pipeline": [step | {member: text}]}}
        return desk.api.send_json("POST", "/api/pipelines/plan", body, desk.who)

    return send


def _in_forms() -> Iterator[TextField]:
    yield TextField("POST /api/images/upload, processingOptions", _upload(lambda text: [
        image_part(small_jpeg()), options_part(text.encode()),
    ]))  # fmt: skip
    yield TextField("POST /api/images/upload, a part's name", _upload(lambda text: [
        image_part(small_jpeg()), part(_quoted(text), "x"),
    ]))  # fmt: skip
    yield TextField("POST /api/images/upload, the name of a mark", _upload(lambda text: [
        image_part(small_jpeg()), options_part('{"watermark": "logo.png"}'),
        part("x", small_jpeg(), _quoted(text), "image/jpeg"),
    ]))  # fmt: skip
    yield TextField("POST /api/images/upload, a part's type", _upload(lambda text: [
        part("image", small_jpeg(), "a.jpg", _quoted(text)),
    ]))  # fmt: skip
    yield TextField("POST /api/assets, name", _asset(lambda text: [
        part("asset", small_jpeg(), "a.jpg", "image/jpeg"), part("name", text.encode()),
    ]))  # fmt: skip
    yield TextField("POST /api/assets, the file's name", _asset(lambda text: [
        part("asset", small_jpeg(), _quoted(text), "image/jpeg"),
    ]))  # fmt: skip
    yield TextField("POST /api/assets, shared", _asset(lambda text: [
        part("asset", small_jpeg(), f"a{next(_NUMBERS)}.jpg", "image/jpeg"),
        part("shared", text.encode()),
    ]))  # fmt: skip
    yield TextField("POST /api/images/upload, the boundary", _boundary)


def _quoted(text: str) -> str:
    """Return *text* as browsers write it into a part's head."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _upload(parts: Callable[[str], list[bytes]]) -> Send:
    return lambda desk, text: desk.api.send_form("/api/images/upload", parts(text), desk.who)


def _asset(parts: Callable[[str], list[bytes]]) -> Send:
    def send(desk: Desk, text: str) -> Answer:
        return _without_trace(desk, desk.api.send_form("/api/assets", parts(text), desk.who))

    return send


def _boundary(desk: Desk, text: str) -> Answer:
    body = form(image_part(small_jpeg()))
    value = f"multipart/form-data; boundary={_in_header(text)}"
    headers = {"Content-Type": value, "Content-Length": str(len(body))}
    return desk.api.send("POST", "/api/images/upload", desk.who, body=body, headers=headers)


def _in_queries() -> Iterator[TextField]:
    for path, names in (
        ("/api/images", ("limit", "cursor")),
        ("/api/images/{id}/download", ("variant",)),
        ("/api/users/me/tasks", ("status", "limit", "cursor")),
        ("/api/users/profile", ("userId", "token", "access_token")),
        ("/api/presets", ("limit", "cursor")),
        ("/api/presets/card", ("version", "shared")),
        ("/api/presets/card/versions", ("limit", "cursor", "shared")),
        ("/api/assets", ("limit", "cursor")),
        ("/api/assets/logo.png", ("shared",)),
        ("/api/erasures/{id}", ("after",)),
        ("/api/admin/users", ("q", "email", "role", "status", "limit", "cursor")),
        ("/api/admin/audit", ("action", "userId", "subject", "from", "to", "limit", "cursor")),
        ("/api/admin/tasks", ("status", "code", "limit", "cursor")),
        ("/api/admin/quarantine", ("limit", "cursor")),
        ("/api/admin/logs", ("taskId", "userId", "outcome", "limit", "cursor")),
        ("/files/{id}/main/a.jpg", ("exp", "kid", "sig")),
    ):
        for name in names:
            yield TextField(f"GET {path} ?{name}", _query(path, name))
        yield TextField(f"GET {path} ?, a name", _query(path, None))


def _query(path: str, name: str | None) -> Send:
    def send(desk: Desk, text: str) -> Answer:
        encoded = quote(text, safe="")
        query = f"{name}={encoded}" if name else f"{encoded}=x"
        return desk.api.send("GET", path.replace("{id}", desk.nobody), desk.who, query_string=query)

    return send


def _in_paths() -> Iterator[TextField]:
    for method, path in (
        ("GET", "/api/images/{}/status"), ("GET", "/api/tasks/{}"), ("POST", "/api/tasks/{}/cancel"),
        ("DELETE", "/api/webhooks/{}"), ("DELETE", "/api/api-keys/{}"), ("GET", "/api/erasures/{}"),
        ("DELETE", "/api/auth/sessions/{}"), ("GET", "/api/presets/{}"), ("PUT", "/api/presets/{}"),
        ("DELETE", "/api/presets/{}"), ("GET", "/api/presets/{}/versions"), ("GET", "/api/assets/{}"),
        ("GET", "/api/presets/card/versions/{}"), ("DELETE", "/api/assets/{}"), ("GET", "/problems/{}"),
        ("GET", "/api/admin/users/{}"), ("POST", "/api/admin/tasks/{}/requeue"), ("GET", "/{}"),
        ("GET", "/files/{}/main/a.jpg"), ("GET", "/files/ae0f5e7c-8c2c-4a0e-9c1b-0c5b6c7d8e9f/{}/a"),
        ("GET", "/api/{}"),
    ):  # fmt: skip
        yield TextField(f"{method} {path}", _path(method, path))


def _path(method: str, path: str) -> Send:
    def send(desk: Desk, text: str) -> Answer:
        body = b'{"processingOptions": {}}' if method == "PUT" else b""
        return desk.api.send_json(method, path.format(in_path(text)), body, desk.who)

    return send


def _in_headers() -> Iterator[TextField]:
    for name in (
        "X-Request-Id", "Accept", "Authorization", "Origin", "X-Forwarded-For", "If-None-Match", "Range",
        "Accept-Encoding", "Cookie", "Forwarded", "Content-Encoding", "Transfer-Encoding",
        "Access-Control-Request-Method", "X-HTTP-Method-Override", "Content-Language", "Expect",
    ):  # fmt: skip
        yield TextField(f"{name} header", _header("GET", "/api/images", name))
    yield TextField("If-Match header", _header("DELETE", "/api/presets/no-such-preset", "If-Match"))
    yield TextField("Content-Type header", _header("POST", "/api/webhooks", "Content-Type"))
    yield TextField("Idempotency-Key header", _idempotency_key)


def _in_header(text: str) -> str:
    """Return *text* as it gets through a server: its bytes as Latin-1, and no line breaks."""
    plain = "".join(sign for sign in text if sign not in "\r\n\0")
    return plain.encode().decode("latin-1")


def _header(method: str, path: str, name: str) -> Send:
    def send(desk: Desk, text: str) -> Answer:
        headers = {name: _in_header(text)}
        if name == "Content-Type":
            return desk.api.send_json(method, path, {"url": "x"}, desk.who, headers=headers)
        return desk.api.send(method, path, desk.who, headers=headers)

    return send


def _idempotency_key(desk: Desk, text: str) -> Answer:
    headers = {"Idempotency-Key": _in_header(text)}
    body = {"url": "https://example.com/hook"}
    return desk.api.send_json("POST", "/api/webhooks", body, desk.who, headers=headers)


@attrs.frozen
class Kept:
    """
    Text that is kept and shown again.

    Attributes:
        keep: Sends some strings, and returns for each what is shown of it afterwards, or None if
            it was refused.
        expected: What has to be shown.
    """

    name: str
    keep: Callable[[Desk, list[str]], list[str | None]]
    expected: Callable[[str], str] = lambda text: text
    one_in: int = 1
    at_once: int = 1

    def __str__(self) -> str:
        return self.name

    def share(self, strings: list[str], number: int) -> list[str]:
        return strings if WHOLE else strings[number % self.one_in :: self.one_in]


def composed(text: str) -> str:
    """Return a name as it is kept: in normal form C, as docs/api.md says."""
    return unicodedata.normalize("NFC", text)


def kept_texts() -> list[Kept]:
    """Return every text that is kept, and where it is shown."""
    return [
        Kept("a user name", _usernames, composed, one_in=4),
        Kept("a user name that is searched for", _searched, composed, one_in=16),
        Kept("a user name at registration", _registered, composed, one_in=83),
        Kept("a password", _passwords, one_in=83),
        Kept("an API key's name", _key_names, composed, one_in=6, at_once=15),
        Kept("a watermark's text in a preset", _watermark_texts, at_once=10),
        Kept("a watermark's text in a plan", _planned_texts, one_in=8, at_once=10),
        Kept("a webhook's URL", _webhook_urls, one_in=4),
        Kept("a program's name in a session", _clients, one_in=83),
        Kept("a file's name", _labels, one_in=16),
    ]


def _usernames(desk: Desk, texts: list[str]) -> list[str | None]:
    return [_renamed(desk, text) for text in texts]


def _renamed(desk: Desk, text: str) -> str | None:
    answer = desk.api.send_json("PUT", "/api/users/profile", {"username": text}, desk.who)
    if answer.status_code != 200:
        assert refusal(answer) in ((422, "invalid-parameter"), (409, "username-taken")), text
        return None
    name: str = desk.api.send("GET", "/api/users/profile", desk.who).json["username"]
    return name


def _searched(desk: Desk, texts: list[str]) -> list[str | None]:
    """Found by its beginning, which is all of it, among everybody's; and by that alone."""
    shown: list[str | None] = []
    for text in texts:
        name = _renamed(desk, text)
        if name is not None:
            params = {"q": name, "limit": "100"}
            found = desk.api.send("GET", "/api/admin/users", desk.who, params=params)
            names = [user["username"] for user in found.json["users"]]
            assert all(one.casefold().startswith(name.casefold()) for one in names), (name, names)
            name = next((one for one in names if one == name), None)
        shown.append(name)
    return shown


def _registered(desk: Desk, texts: list[str]) -> list[str | None]:
    shown: list[str | None] = []
    for text in texts:
        email = f"n{next(_NUMBERS)}@example.com"
        body = {"username": text, "email": email, "password": "password123"}
        answer = desk.api.send_json("POST", "/api/auth/register", body)
        if answer.status_code != 201:
            refusal(answer)
            shown.append(None)
            continue
        params = {"email": email}
        [found] = desk.api.send("GET", "/api/admin/users", desk.who, params=params).json["users"]
        shown.append(found["username"])
    return shown


def _passwords(desk: Desk, texts: list[str]) -> list[str | None]:
    """What is a password opens the account, and what is almost the same does not."""
    shown: list[str | None] = []
    for text in texts:
        email = f"p{next(_NUMBERS)}@example.com"
        body = {"username": email, "email": email, "password": text}
        answer = desk.api.send_json("POST", "/api/auth/register", body)
        if answer.status_code != 201:
            refusal(answer)
            shown.append(None)
            continue
        for attempt, status in ((text, 200), (f"{text[:-1]}~", 401), (f"{text} ", 401)):
            pair = {"email": email, "password": attempt}
            said = desk.api.send_json("POST", "/api/auth/login", pair)
            assert said.status_code == status, text
        shown.append(text)
    return shown


def _key_names(desk: Desk, texts: list[str]) -> list[str | None]:
    made: list[str | None] = []
    for text in texts:
        body = {"name": text, "scopes": ["images:read"]}
        answer = desk.api.send_json("POST", "/api/api-keys", body, desk.who)
        if answer.status_code == 201:
            made.append(answer.json["id"])
        else:
            assert refusal(answer) == (422, "invalid-parameter"), text
            made.append(None)
    listed = desk.api.send("GET", "/api/api-keys", desk.who).json["apiKeys"]
    names = {key["id"]: key["name"] for key in listed}
    for key_id in filter(None, made):
        desk.api.send("DELETE", f"/api/api-keys/{key_id}", desk.who)
    return [None if key_id is None else names[key_id] for key_id in made]


def _watermark_texts(desk: Desk, texts: list[str]) -> list[str | None]:
    good = _drawn(desk, texts)
    shown: dict[str, str] = {}
    if good:
        name = f"texts-{next(_NUMBERS)}"
        body = {"name": name, "processingOptions": _writing(good)}
        made = desk.api.send_json("POST", "/api/presets", body, desk.who)
        assert made.status_code == 201, made.text
        answer = desk.api.send("GET", f"/api/presets/{name}", desk.who)
        steps = answer.json["processingOptions"]["pipeline"]
        shown = dict(zip(good, _written(steps), strict=True))
        desk.api.send("DELETE", f"/api/presets/{name}", desk.who)
    return [shown.get(text) for text in texts]


def _planned_texts(desk: Desk, texts: list[str]) -> list[str | None]:
    good = _drawn(desk, texts)
    body = {"processingOptions": _writing(good)}
    answer = desk.api.send_json("POST", "/api/pipelines/plan", body, desk.who)
    assert answer.status_code == 200, answer.text
    shown = dict(zip(good, _written(answer.json["pipeline"]["pipeline"]), strict=True))
    again = {"processingOptions": answer.json["urlForm"]}
    reread = desk.api.send_json("POST", "/api/pipelines/plan", again, desk.who)
    assert reread.json["pipelineHash"] == answer.json["pipelineHash"]
    return [shown.get(text) for text in texts]


def _drawn(desk: Desk, texts: list[str]) -> list[str]:
    """Return those that may be written on a picture; most may, so all are asked about first."""
    body = {"processingOptions": _writing(texts)}
    answer = desk.api.send_json("POST", "/api/pipelines/plan", body, desk.who)
    if answer.status_code == 200:
        return texts
    if len(texts) == 1:
        assert refusal(answer) == (422, "invalid-parameter"), texts
        return []
    half = len(texts) // 2
    return [*_drawn(desk, texts[:half]), *_drawn(desk, texts[half:])]


def _writing(texts: list[str]) -> dict[str, Any]:
    return {"pipeline": [{"op": "watermark", "text": text} for text in texts]}


def _written(steps: list[dict[str, Any]]) -> list[str]:
    return [step["text"] for step in steps if step["op"] == "watermark"]


def _webhook_urls(desk: Desk, texts: list[str]) -> list[str | None]:
    shown: list[str | None] = []
    for text in texts:
        url = f"https://example.com/{text}"
        answer = desk.api.send_json("POST", "/api/webhooks", {"url": url}, desk.who)
        if answer.status_code != 201:
            assert refusal(answer)[0] == 422, text
            shown.append(None)
            continue
        listed = desk.api.send("GET", "/api/webhooks", desk.who).json["webhooks"]
        [one] = [hook["url"] for hook in listed if hook["id"] == answer.json["id"]]
        shown.append(one.removeprefix("https://example.com/"))
        desk.api.send("DELETE", answer.headers["location"], desk.who)
    return shown


def _clients(desk: Desk, texts: list[str]) -> list[str | None]:
    """A line without what is not to be seen; here it is only looked at that it is there."""
    shown: list[str | None] = []
    for text in texts:
        pair = {"email": desk.who.email, "password": ADMIN_PASSWORD}
        headers = {"User-Agent": _in_header(text)}
        answer = desk.api.send_json("POST", "/api/auth/login", pair, headers=headers)
        assert answer.status_code == 200, text
        listed = desk.api.send("GET", "/api/auth/sessions", desk.who).json["sessions"]
        newest = max(listed, key=lambda session: session["createdAt"])
        assert len(newest["client"]) <= 120 and newest["client"].isprintable()
        desk.api.send("DELETE", f"/api/auth/sessions/{newest['id']}", desk.who)
        shown.append(text)
    return shown


def _labels(desk: Desk, texts: list[str]) -> list[str | None]:
    """What is left of a file's name (row 10), in its order and nothing else."""
    shown: list[str | None] = []
    for text in texts:
        parts = [image_part(small_jpeg(), _quoted(text))]
        answer = desk.api.send_form("/api/images/upload", parts, desk.who)
        if answer.status_code != 202:  # a part's head has its bounds (row 4)
            assert refusal(answer) == (400, "malformed-multipart"), text
            shown.append(None)
            continue
        [image] = desk.api.send("GET", "/api/images?limit=1", desk.who).json["images"]
        assert image["imageId"] == answer.json["imageId"]
        label = image["label"]
        assert 1 <= len(label) <= 255 and label.isprintable(), text
        assert not set(label) & set('/\\"<>|:*?;%')
        shown.append(text)
    return shown
