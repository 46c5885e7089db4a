"""Around every request: its id, its one log line, its figures, and the headers of every answer."""

import re
import time
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

import attrs
import falcon
import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars

from entrypoints.http.body import check_framing, read_away
from entrypoints.http.errors import NotAcceptable
from entrypoints.http.rate_limits import tell_standings
from entrypoints.http.security_headers import security_headers

ObserveRequest = Callable[[str, str, int, float], None]

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._~:/+=@-]{1,128}", re.ASCII)
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_NEVER: Final = frozenset(("TRACE", "CONNECT"))
# What is asked every few seconds by machines is told at a lower level.
_PROBES: Final = frozenset(("/healthz", "/readyz", "/metrics"))

_log: Final = structlog.get_logger("safelight.http")


@attrs.frozen
class RequestScope:
    """
    Falcon middleware.

    Attributes:
        observe: Takes method, route template, status and seconds of each request.
        is_https: Whether customers reach us over TLS.
        address_of: Returns where a request comes from.
    """

    observe: ObserveRequest
    is_https: bool
    address_of: Callable[[falcon.Request], str]

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Give the request an id and start its clock; refuse what no route would take."""
        self._begin(req, resp)
        if req.method in _NEVER:  # whatever the address, which CONNECT does not even have
            raise falcon.HTTPMethodNotAllowed(sorted(_METHODS))
        if req.path.startswith("//"):  # a router would overlook it; what goes by the path would not
            raise falcon.HTTPRouteNotFound
        if req.path.startswith("/api/") and not req.client_accepts("application/json"):
            raise NotAcceptable("Answers are application/json.")
        check_framing(req)

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, _: object, __: bool
    ) -> None:
        """Set the headers of every answer, write the line, take the figures."""
        if "started" not in req.context:  # refused before any middleware saw it
            self._begin(req, resp)
        # First of all: whatever breaks from here on is answered with them.
        self.protect(resp)
        if resp.status_code >= 400:
            read_away(req)
        tell_standings(req, resp)
        seconds = time.perf_counter() - req.context.started
        method = req.method if req.method in _METHODS else "other"
        route = req.uri_template or "unmatched"
        status = resp.status_code
        self.observe(method, route, status, seconds)
        tell = _log.debug if route in _PROBES and status < 400 else _log.info
        details: dict[str, Any] = {}
        if "problem" in resp.context:
            details["code"] = resp.context.problem
        if "failure" in resp.context:
            tell, details["error"] = _log.warning, resp.context.failure
        tell(
            "request", method=method, route=route, status=status, ms=round(seconds * 1000, 1),
            address=req.context.address, **details,
        )  # fmt: skip

    def protect(self, resp: falcon.Response) -> None:
        """Set the headers of every answer, but for those that it has set for itself."""
        resp.set_header("X-Request-Id", resp.context.request_id)
        for name, value in security_headers(is_https=self.is_https):
            if resp.get_header(name) is None:
                resp.set_header(name, value)

    def _begin(self, req: falcon.Request, resp: falcon.Response) -> None:
        req.context.started = time.perf_counter()
        asked = req.get_header("X-Request-Id") or ""
        request_id = asked if _REQUEST_ID.fullmatch(asked) else uuid4().hex
        req.context.request_id = resp.context.request_id = request_id
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        req.context.address = ""
        req.context.address = self.address_of(req)
