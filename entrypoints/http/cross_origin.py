"""
Pages of other origins: what browsers let their scripts do here (Fetch standard, CORS protocol).

Nothing, unless the operator names their origins. Tokens travel in a header that a page has to set
itself, so no cookie of a visitor opens anything, and credentials are never allowed. Neither `*` nor
`null`, which is the origin of any sandboxed page, can be named.
"""

from typing import Final

import attrs
import falcon

_SHARED: Final = ("/api/", "/files/")
_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
_MAY_SEND: Final = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Range, X-Request-Id"
)
_MAY_READ: Final = (
    "Content-Disposition, Content-Range, ETag, Idempotent-Replayed, Link, Location, RateLimit, "
    "RateLimit-Policy, Retry-After, WWW-Authenticate, X-Refresh-Token, X-Request-Id, X-Task-Id"
)
_REMEMBER_SECONDS: Final = "600"


@attrs.frozen
class CrossOrigin:
    """
    Falcon middleware.

    Attributes:
        allowed: Origins such as `https://app.example.com`, whole and in lower case.
    """

    allowed: frozenset[str]

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer the question that a browser asks before it sends what a form could not."""
        asks_first = req.get_header("Access-Control-Request-Method") is not None
        if req.method != "OPTIONS" or not asks_first or not self._admits(req):
            return
        resp.status = falcon.HTTP_204
        resp.set_header("Access-Control-Allow-Methods", _METHODS)
        resp.set_header("Access-Control-Allow-Headers", _MAY_SEND)
        resp.set_header("Access-Control-Max-Age", _REMEMBER_SECONDS)
        resp.complete = True

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, _: object, __: bool
    ) -> None:
        """Let the script of an allowed page read the answer."""
        if not self.allowed or not req.path.startswith(_SHARED):
            return
        resp.append_header("Vary", "Origin")
        if self._admits(req):
            resp.set_header("Access-Control-Allow-Origin", req.get_header("Origin") or "")
            resp.set_header("Access-Control-Expose-Headers", _MAY_READ)

    def _admits(self, req: falcon.Request) -> bool:
        return req.path.startswith(_SHARED) and req.get_header("Origin") in self.allowed
