"""Make an API key."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs

from application.actor import Actor
from application.audit import record_of
from application.errors import NotFound, TooManyAPIKeys
from application.idempotency import IdempotencyKey, RequestInProgress
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.key_tokens import KeyTokens
from application.ports.repositories.idempotency_keys import TwinRequest
from application.ports.unit_of_work import Database
from domain.users.api_key import (
    APIKey,
    checked_key_name,
    checked_lifetime,
    checked_presets,
    checked_scopes,
)
from domain.users.audit import AuditAction
from domain.users.roles import Permission
from domain.users.scopes import Scope

MAX_API_KEYS: Final = 20
"""Keys that open doors, of one account."""
MAX_ENDED_KEYS: Final = 20
"""Keys that are over, of one account; older ones are forgotten when a new key is made."""


@attrs.frozen
class CreateAPIKeyRequest:
    """
    What the key is to be called and good for.

    Attributes:
        presets: To which its uploads are confined; None for no such bound.
        lifetime_days: None for a key that does not end by itself.
    """

    actor: Actor
    name: str
    scopes: Sequence[Scope]
    presets: Sequence[str] | None
    lifetime_days: int | None
    idempotency: IdempotencyKey | None = None


@attrs.frozen
class CreatedAPIKey:
    """
    The key.

    Attributes:
        token: What a program carries; None if an earlier request of the same key made it, for it
            is shown once and kept nowhere.
    """

    key: APIKey
    token: str | None = attrs.field(repr=False)

    @property
    def replayed(self) -> bool:
        """Whether an earlier request of the same idempotency key made it."""
        return self.token is None


@attrs.frozen
class CreateAPIKey:
    """
    Make a key that does a part of what its user may.

    Raises:
        InsufficientScope: The actor is a key itself: none makes others.
        InvalidParameter: Name, scopes, presets or lifetime is not what it may be.
        TooManyAPIKeys: The account has `MAX_API_KEYS` already.
        IdempotencyKeyReused: The key stands for another request.
        RequestInProgress: The same request has come at the same time.
        NotFound: The account is no more.
    """

    database: Database
    key_tokens: KeyTokens
    clock: Clock
    ids: Ids

    def __call__(self, request: CreateAPIKeyRequest) -> CreatedAPIKey:
        """Check, count, save."""
        request.actor.require(Permission.MANAGE_ACCOUNT)
        now = self.clock.now()
        lifetime = checked_lifetime(request.lifetime_days)
        key_id = self.ids.new()
        token = self.key_tokens.make(key_id)
        key = APIKey(
            id=key_id,
            user_id=request.actor.user_id,
            name=checked_key_name(request.name),
            secret_sha256=token.secret_sha256,
            scopes=checked_scopes(request.scopes),
            presets=checked_presets(request.presets),
            created_at=now,
            expires_at=None if lifetime is None else now + lifetime,
        )
        try:
            earlier = self._save(key, request)
        except TwinRequest as twin:
            raise RequestInProgress from twin
        return CreatedAPIKey(key, token.text) if earlier is None else CreatedAPIKey(earlier, None)

    def _save(self, key: APIKey, request: CreateAPIKeyRequest) -> APIKey | None:
        """Save *key*, or return the one that an earlier request made."""
        idempotency = request.idempotency
        with self.database.writing() as work:
            # Held, so that keys are not counted twice at once.
            if work.users.hold(key.user_id) is None:
                raise NotFound
            if idempotency and (reply := idempotency.reply(work)) is not None:
                return _made_before(key, reply)
            there = work.api_keys.of_user(key.user_id)
            live = [one for one in there if one.is_live(key.created_at)]
            if len(live) >= MAX_API_KEYS:
                raise TooManyAPIKeys(f"An account may have {MAX_API_KEYS} API keys; revoke one.")
            ended = [one.id for one in there if one not in live]
            work.api_keys.remove(ended[:-MAX_ENDED_KEYS])
            if idempotency:
                idempotency.remember(work, id=str(key.id), created_at=key.created_at.isoformat())
            work.api_keys.add(key)
            work.audit.add(
                record_of(request.actor, AuditAction.CREATE_API_KEY, f"api-key:{key.id}")
            )
            work.commit()
        return None


def _made_before(like: APIKey, reply: Mapping[str, str]) -> APIKey:
    """Return the key that the same request has made; its secret is known to nobody here."""
    created_at = datetime.fromisoformat(reply["created_at"])
    later = created_at - like.created_at
    return attrs.evolve(
        like,
        id=UUID(reply["id"]),
        secret_sha256="",
        created_at=created_at,
        expires_at=like.expires_at and like.expires_at + later,
    )
