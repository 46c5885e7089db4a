"""What is asked at each door of the table in docs/authorisation.md, of whose things, and by whom."""

import re
from collections.abc import Callable
from typing import Any, Final

import attrs

from tests.authorisation.estate import (
    NEW_PASSWORD,
    WEBHOOK_URL,
    Request,
    Things,
    a_picture,
    keep,
    upload,
)

OPTIONS: Final = {"resize": "16x12"}


@attrs.frozen
class Asking:
    """
    Somebody before a door.

    Attributes:
        things: Whose the things are that are asked for.
        own: Who asks; for what has to be their own, such as their password.
        erasure_id: Of somebody who has left.
    """

    things: Things
    own: Things
    erasure_id: str = ""


def _json(body: Callable[[Asking], Any]) -> Callable[[Asking, str, str], Request]:
    return lambda who, method, path: Request(method, path, body=body(who))


def _query(query: Callable[[Asking], str]) -> Callable[[Asking, str, str], Request]:
    return lambda who, method, path: Request(method, path, query(who))


def _shared(body: Any = None) -> Callable[[Asking, str, str], Request]:
    """Ask for what is everybody's, which the first admin has made."""

    def asked(_: Asking, method: str, path: str) -> Request:
        return Request(
            method, re.sub(r"(presets|assets)/.*", r"\1/house", path), "shared=true", body
        )

    return asked


def _marked(who: Asking) -> dict[str, Any]:
    return {"resize": "16x12", "watermark": who.things.asset}


SPECIAL: Final[dict[str, Callable[[Asking, str, str], Request]]] = {
    "POST /api/auth/register": _json(
        lambda _: {"username": "newcomer", "email": "new@example.com", "password": NEW_PASSWORD}
    ),
    "POST /api/auth/login": _json(
        lambda who: {"email": who.things.email, "password": who.things.password}
    ),
    "POST /api/auth/refresh": _json(lambda who: {"refreshToken": who.things.refresh_token}),
    "POST /api/auth/identities": _json(
        lambda who: {"provider": "company", "currentPassword": who.own.password}
    ),
    "POST /api/auth/password/change": _json(
        lambda who: {"currentPassword": who.own.password, "newPassword": NEW_PASSWORD + "!"}
    ),
    "POST /api/auth/password/forgot": _json(lambda who: {"email": who.things.email}),
    "POST /api/auth/password/reset": _json(
        lambda who: {"token": who.things.reset_token, "newPassword": NEW_PASSWORD + "!"}
    ),
    "POST /api/auth/verify-email": _json(lambda who: {"token": who.things.verification_token}),
    "POST /api/images/upload": lambda _, __, ___: upload(a_picture(), OPTIONS),
    "POST /api/images/upload naming an asset": (
        lambda who, _, __: upload(a_picture(), _marked(who))
    ),
    "POST /api/images/upload naming a preset": (
        lambda who, _, __: upload(a_picture(), {"preset": who.things.preset})
    ),
    "POST /api/pipelines/plan": _json(lambda _: {"processingOptions": OPTIONS}),
    "POST /api/pipelines/plan of an image": _json(
        lambda who: {"processingOptions": OPTIONS, "image": {"imageId": who.things.image_id}}
    ),
    "POST /api/pipelines/plan naming a preset": _json(
        lambda who: {"processingOptions": {"preset": who.things.preset}}
    ),
    "POST /api/presets": _json(lambda _: {"name": "fresh", "processingOptions": OPTIONS}),
    "POST /api/presets shared": _json(
        lambda _: {"name": "fresh", "processingOptions": OPTIONS, "shared": True}
    ),
    "PUT /api/presets/{name}": _json(lambda _: {"processingOptions": {"resize": "4x4"}}),
    "GET /api/presets/{name} shared": _shared(),
    "PUT /api/presets/{name} shared": _shared({"processingOptions": {"resize": "4x4"}}),
    "DELETE /api/presets/{name} shared": _shared(),
    "POST /api/assets": lambda _, __, ___: keep(a_picture(), "fresh"),
    "POST /api/assets shared": lambda _, __, ___: keep(a_picture(), "fresh", shared=True),
    "GET /api/assets/{name} shared": _shared(),
    "DELETE /api/assets/{name} shared": _shared(),
    "POST /api/tasks/{task_id}/cancel": (
        lambda who, method, _: Request(method, f"/api/tasks/{who.things.waiting_task}/cancel")
    ),
    "GET /api/users/profile of somebody": _query(lambda who: f"userId={who.things.username}"),
    "PUT /api/users/profile": _json(lambda _: {"username": "renamed"}),
    "DELETE /api/users/me": _json(lambda who: {"password": who.own.password}),
    "POST /api/webhooks": _json(lambda _: {"url": f"{WEBHOOK_URL}/other"}),
    "POST /api/api-keys": _json(lambda _: {"name": "another", "scopes": ["account:read"]}),
    "PATCH /api/admin/users/{user_id}": _json(lambda _: {"disabled": True}),
    "POST /api/admin/tasks/{task_id}/requeue": (
        lambda who, method, _: Request(method, f"/api/admin/tasks/{who.things.failed_task}/requeue")
    ),
    "POST /api/admin/tasks/{task_id}/drop": (
        lambda who, method, _: Request(method, f"/api/admin/tasks/{who.things.failed_task}/drop")
    ),
    "GET /files/{task_id}/{variant}/{name}": (
        lambda who, method, _: Request(method, *who.things.link.split("?"))
    ),
    "GET /files/{task_id}/{variant}/{name} without its signature": (
        lambda who, method, _: Request(method, who.things.link.partition("?")[0])
    ),
}
"""What needs more than a method and the ids in its path; the name is the one of the table."""


def request_of(name: str, who: Asking) -> Request:
    """Return the request that the row *name* of the table stands for."""
    method, template = name.split()[:2]
    things = who.things
    values = {
        "session_id": things.session_id,
        "image_id": things.image_id,
        "task_id": things.task_id,
        "name": things.asset if "/assets/" in template else things.preset,
        "number": "1",
        "erasure_id": who.erasure_id,
        "webhook_id": things.webhook_id,
        "key_id": things.key_id,
        "identity_id": things.identity_id,
        "provider": "company",
        "user_id": things.user_id,
        "code": "not-found",
        "variant": "main",
    }
    path = re.sub(r"\{(\w+)\}", lambda found: values[found[1]], template)
    make = SPECIAL.get(name)
    return Request(method, path) if make is None else make(who, method, path)


def has_an_id(name: str) -> bool:
    """Whether the row *name* is about one thing that belongs to somebody."""
    return "{" in name or " naming " in name or " of " in name
