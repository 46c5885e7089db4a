"""
How often may be asked, at the door: before a body is read.

What is told of limits on answers, `RateLimit-Policy` and `RateLimit`, are fields of an Internet
draft (draft-ietf-httpapi-ratelimit-headers-10), not yet of a standard.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

import attrs
import falcon
import structlog

from application.actor import Actor
from application.errors import PortFailure, QuotaExceeded, TooManyRequests
from application.limits.limit_requests import LimitRequest, RouteGroup
from application.ports.rate_limiter import Standing
from entrypoints.http.client_address import site_of
from entrypoints.http.route_scopes import ROUTE_SCOPES

_GROUPS: Final = {
    ("POST", "/api/auth/login"): RouteGroup.SIGN_IN,
    ("POST", "/api/auth/register"): RouteGroup.SIGN_IN,
    ("POST", "/api/auth/refresh"): RouteGroup.SIGN_IN,
    ("GET", "/api/auth/oauth/{provider}/start"): RouteGroup.SIGN_IN,
    ("GET", "/api/auth/oauth/{provider}/callback"): RouteGroup.SIGN_IN,
    ("POST", "/api/auth/identities"): RouteGroup.SIGN_IN,
    ("POST", "/api/auth/password/change"): RouteGroup.SIGN_IN,
    ("POST", "/api/auth/password/forgot"): RouteGroup.SIGN_IN,
    ("POST", "/api/auth/password/reset"): RouteGroup.SIGN_IN,
    ("POST", "/api/auth/verify-email"): RouteGroup.SIGN_IN,
    ("POST", "/api/auth/verify-email/send"): RouteGroup.SIGN_IN,
    ("PUT", "/api/users/profile"): RouteGroup.SIGN_IN,  # tells whether an address has an account
    ("POST", "/api/images/upload"): RouteGroup.UPLOADS,
    ("POST", "/api/assets"): RouteGroup.UPLOADS,
    ("POST", "/api/tasks/{task_id}/retry"): RouteGroup.UPLOADS,
}
# Probes, figures and pages are not counted: they cost nothing that counting would spare.
_COUNTED: Final = ("/api/", "/files/")

_log: Final = structlog.get_logger("safelight.http")


@attrs.frozen
class RateLimits:
    """
    Counts each request once: as soon as it is known who asks, if that is going to be asked.

    While nobody can count, everybody is let in: what they ask of the database is refused by itself,
    and what they do not ask of it need not be.
    """

    limit_requests: Callable[[LimitRequest], Sequence[Standing]]

    def process_resource(
        self, req: falcon.Request, _: falcon.Response, __: object, ___: object
    ) -> None:
        """Count what takes no token, by address."""
        if _route(req) not in ROUTE_SCOPES:
            self.count(req, None)

    def count(self, req: falcon.Request, actor: Actor | None) -> None:
        """
        Count *req*, and keep in it how its limits stand.

        Raises:
            TooManyRequests: There were too many.
        """
        group = _GROUPS.get(_route(req), RouteGroup.OTHERS)
        if not req.path.startswith(_COUNTED):
            return
        try:
            req.context.standings = self.limit_requests(
                LimitRequest(group, site_of(req.context.address), actor)
            )
        except TooManyRequests as refusal:
            req.context.standings = refusal.standings
            raise
        except PortFailure as failure:
            _log.warning("requests are not counted", error=failure.in_words())


def tell_standings(req: falcon.Request, resp: falcon.Response) -> None:
    """Say on the answer how the limits stand that *req* was counted under."""
    standings: Sequence[Standing] = getattr(req.context, "standings", ())
    policies = [
        f'"{one.limit.name}";q={one.limit.most};w={one.limit.window.total_seconds():.0f}'
        for one in standings
    ]
    limits = [
        f'"{one.limit.name}";r={one.left};t={math.ceil(one.ends_in.total_seconds())}'
        for one in standings
    ]
    quota: QuotaExceeded | None = getattr(req.context, "quota", None)
    if quota is not None:
        policies.append(_policy_of(quota))
        limits.append(_limit_of(quota))
    if policies:
        resp.set_header("RateLimit-Policy", ", ".join(policies))
        resp.set_header("RateLimit", ", ".join(limits))


def _policy_of(quota: QuotaExceeded) -> str:
    policy = f'"{quota.name}";q={quota.most}'
    if quota.name == "bytes":
        policy += ';qu="content-bytes"'
    return policy if quota.window_seconds is None else f"{policy};w={quota.window_seconds}"


def _limit_of(quota: QuotaExceeded) -> str:
    limit = f'"{quota.name}";r={quota.left}'
    wait = quota.retry_after_seconds
    return limit if wait is None else f"{limit};t={wait}"


def _route(req: falcon.Request) -> tuple[str, str]:
    return ("GET" if req.method == "HEAD" else req.method, req.uri_template or "")
