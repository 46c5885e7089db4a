"""The keys that the caller's programs carry."""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypedDict

import attrs
import falcon

from application.accounts.create_api_key import CreateAPIKeyRequest, CreatedAPIKey
from application.accounts.revoke_api_key import RevokeAPIKeyRequest
from application.actor import Actor
from application.errors import InsufficientScope, NotFound, TooManyAPIKeys
from domain.errors import InvalidParameter
from domain.users.api_key import (
    DEFAULT_LIFETIME_DAYS,
    MAX_LIFETIME_DAYS,
    MAX_PRESETS,
    PRESET_PATTERN,
    APIKey,
)
from domain.users.scopes import Scope
from entrypoints.http.authentication import Authentication
from entrypoints.http.idempotency import idempotency_key, mark_replayed
from entrypoints.http.openapi.operation import Answer, Bare, Link, operation
from entrypoints.http.openapi.parts import LOCATION, REPLAYED, Label
from entrypoints.http.openapi.schemas import Id, Moment, Rule
from entrypoints.http.payloads import PayloadReader, id_in_path, timestamp


@attrs.frozen
class APIKeyPayload:
    """What the key is to be called and good for; it does not expire if its days are `null`."""

    name: Label
    scopes: Annotated[list[Scope], Rule({"minItems": 1})]
    presets: (
        Annotated[
            list[Annotated[str, Rule({"pattern": PRESET_PATTERN})]],
            Rule({"minItems": 1, "maxItems": MAX_PRESETS}),
        ]
        | None
    ) = None
    expires_in_days: Annotated[int, Rule({"minimum": 1, "maximum": MAX_LIFETIME_DAYS})] | None = (
        DEFAULT_LIFETIME_DAYS
    )

    def asked_for(self) -> tuple[str, ...]:
        """Return everything by which two requests differ."""
        scopes = sorted({scope.value for scope in self.scopes})
        presets = None if self.presets is None else sorted(set(self.presets))
        return self.name, str(scopes), str(presets), str(self.expires_in_days)


class KeyDocument(TypedDict):
    """A key, without its secret."""

    id: Id
    name: str
    scopes: list[Annotated[str, Scope]]
    presets: list[str] | None
    createdAt: Moment
    expiresAt: Moment | None
    lastUsedAt: Moment | None
    revokedAt: Moment | None


class NewKeyDocument(KeyDocument):
    """A key with its token, which is null where it has been shown already."""

    token: str | None


class KeyList(TypedDict):
    """The caller's keys."""

    apiKeys: list[KeyDocument]


_LISTED: Final = Answer(200, KeyList, "The keys.")
_MADE: Final = Answer(
    201,
    NewKeyDocument,
    "The key, and its token this once.",
    (LOCATION, REPLAYED),
    (Link("DELETE", "/api/api-keys/{key_id}", {"key_id": "$response.body#/id"}),),
)
_REVOKED: Final = Bare(204, "It opens nothing any more.")


@attrs.frozen
class APIKeys:
    """`/api/api-keys`."""

    authentication: Authentication
    create_api_key: Callable[[CreateAPIKeyRequest], CreatedAPIKey]
    list_api_keys: Callable[[Actor], Sequence[APIKey]]
    payloads: PayloadReader

    @operation(_LISTED, refusals=(InsufficientScope,))
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the keys, never their secrets."""
        keys = self.list_api_keys(self.authentication(req))
        _LISTED.write(resp, {"apiKeys": [key_document(key) for key in keys]})

    on_head = on_get

    @operation(
        _MADE,
        body=APIKeyPayload,
        refusals=(InsufficientScope, InvalidParameter, TooManyAPIKeys, NotFound),
        takes_key=True,
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Make a key, and show its token this once."""
        actor = self.authentication(req)
        payload = self.payloads.read(req, APIKeyPayload)
        created = self.create_api_key(
            CreateAPIKeyRequest(
                actor,
                payload.name,
                payload.scopes,
                payload.presets,
                payload.expires_in_days,
                idempotency_key(req, str(actor.user_id), *payload.asked_for()),
            )
        )
        resp.set_header("Location", f"/api/api-keys/{created.key.id}")
        resp.set_header("Cache-Control", "no-store")
        mark_replayed(resp, replayed=created.replayed)
        _MADE.write(resp, {**key_document(created.key), "token": created.token})


@attrs.frozen
class OneAPIKey:
    """`/api/api-keys/{keyId}`."""

    authentication: Authentication
    revoke_api_key: Callable[[RevokeAPIKeyRequest], None]

    @operation(_REVOKED, refusals=(InsufficientScope, NotFound))
    def on_delete(self, req: falcon.Request, resp: falcon.Response, key_id: str) -> None:
        """End it."""
        actor = self.authentication(req)
        self.revoke_api_key(RevokeAPIKeyRequest(actor, id_in_path(key_id)))
        _REVOKED.write(resp)


def key_document(key: APIKey) -> KeyDocument:
    """Return what the API tells of a key, never its secret."""
    return {
        "id": str(key.id),
        "name": key.name,
        "scopes": [scope.value for scope in Scope if scope in key.scopes],
        "presets": None if key.presets is None else sorted(key.presets),
        "createdAt": timestamp(key.created_at),
        "expiresAt": timestamp(key.expires_at),
        "lastUsedAt": timestamp(key.last_used_at),
        "revokedAt": timestamp(key.revoked_at),
    }
