"""`Idempotency-Key`: a request that may safely be sent again (IETF httpapi draft of that name)."""

import hashlib
import re
from typing import Final

import falcon

from application.idempotency import IdempotencyKey
from entrypoints.http.errors import RequestRefused
from entrypoints.http.openapi.operation import Undeclared, declared_in

KEY_HEADER: Final = "Idempotency-Key"
_SIGNS: Final = r"[\x21\x23-\x5b\x5d-\x7e]{1,255}"
KEY_PATTERN: Final = f'^(?:{_SIGNS}|"{_SIGNS}")$'
_KEY: Final = re.compile(_SIGNS)
"""What a structured field's string may hold unescaped, but for spaces."""


class InvalidIdempotencyKey(RequestRefused):
    """The key cannot be remembered as it is."""

    code = "invalid-idempotency-key"


def idempotency_key(
    req: falcon.Request, scope: str, *asked_for: str | bytes
) -> IdempotencyKey | None:
    """
    Return the request's key, or None if it has none; quotes around it are allowed.

    Args:
        req: The request.
        scope: Whose keys it is one of.
        asked_for: Everything by which two requests differ; only a digest of it is kept.
    """
    if not declared_in(req).takes_key:
        raise Undeclared(f"{req.uri_template} heeds a key that it does not declare")
    given = req.get_header(KEY_HEADER)
    if given is None:
        return None
    key = given[1:-1] if len(given) > 1 and given[0] == given[-1] == '"' else given
    if not _KEY.fullmatch(key):
        raise InvalidIdempotencyKey(
            "An Idempotency-Key is 1 to 255 visible ASCII characters, such as a UUID."
        )
    digest = hashlib.sha256(f"{req.method} {req.uri_template}".encode())
    for part in asked_for:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return IdempotencyKey(scope, key, digest.hexdigest())


def mark_replayed(resp: falcon.Response, *, replayed: bool) -> None:
    """Say that the answer is the one that an earlier request got."""
    if replayed:
        resp.set_header("Idempotent-Replayed", "true")
