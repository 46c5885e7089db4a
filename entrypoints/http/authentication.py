"""Who is asking: the bearer token in the Authorization header (RFC 6750 §2.1)."""

import re
from collections.abc import Callable
from typing import Final

import attrs
import falcon
from structlog.contextvars import bind_contextvars

from application.actor import Actor
from application.ports.access_tokens import InvalidToken
from entrypoints.http.cursor_seal import open_cursor
from entrypoints.http.errors import RequestRefused
from entrypoints.http.route_scopes import scope_of

_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,4096})", re.IGNORECASE | re.ASCII)
# Servers join repeated headers with a comma, and what is behind it begins with another scheme. No
# token of ours holds a comma, so all that is at stake is what the refusal says.
_ANOTHER: Final = re.compile(r",\s*+[A-Za-z0-9!#$%&'*+.^_`|~-]*(?:\s|$)", re.ASCII)
_QUERY_NAMES: Final = ("access_token", "token")


@attrs.frozen
class Authentication:
    """
    Turns a request into its actor.

    Attributes:
        count: Takes the request and its actor, None if nobody we know, and refuses too many.
        cursor_key: Marks the cursors of lists, each user's for themselves.
    """

    authenticate: Callable[[str], Actor]
    count: Callable[[falcon.Request, Actor | None], None]
    cursor_key: bytes = attrs.field(repr=False)

    def __call__(self, req: falcon.Request) -> Actor:
        """
        Return the actor behind *req*.

        Raises:
            InvalidToken: There is no good token, or one in the address, where it would be logged.
            TooManyRequests: There have been too many.
            InsufficientScope: The token is an API key's, and its scopes do not open this route.
            InvalidCursor: The page that is asked for is not one that they were led to.
        """
        try:
            actor = self.authenticate(bearer_token(req))
        except InvalidToken:
            self.count(req, None)
            raise
        actor = attrs.evolve(actor, address=client_address(req))
        bind_contextvars(user_id=str(actor.user_id))
        if actor.key_id is not None:
            bind_contextvars(key_id=str(actor.key_id))
        self.count(req, actor)
        actor.require_scope(scope_of(req.method, req.uri_template or ""))
        open_cursor(req, actor, self.cursor_key)
        return actor


def client_address(req: falcon.Request) -> str | None:
    """Return where *req* came from, as it has been found out; None if that is no address."""
    address: str = req.context.address
    return address or None


def bearer_token(req: falcon.Request) -> str:
    """Return the token that *req* carries in its header, unread."""
    if any(req.has_param(name) for name in _QUERY_NAMES):
        raise InvalidToken("The token does not belong into the address.")
    header = req.get_header("Authorization") or ""
    if _ANOTHER.search(header):
        raise RequestRefused("Send one Authorization header.")
    match = _BEARER.fullmatch(header.strip())
    if match is None:
        raise InvalidToken("There is no bearer token.")
    return match[1]
