"""Count a request, and refuse it if there have been too many."""

import math
from collections.abc import Iterator, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final

import attrs

from application.actor import Actor
from application.errors import TooManyRequests
from application.ports.rate_limiter import Limit, RateLimiter, Standing

WINDOW: Final = timedelta(minutes=1)


class RouteGroup(StrEnum):
    """What is counted together."""

    SIGN_IN = "sign-in"
    UPLOADS = "uploads"
    OTHERS = "others"


@attrs.frozen
class Rates:
    """How many requests a minute there may be; 0 for as many as come."""

    per_address: int = 0
    per_user: int = 0
    per_key: int = 0


@attrs.frozen
class LimitRequest:
    """
    Who asks for what.

    Attributes:
        address: Where they ask from, as whole as one customer has it.
        actor: None if that is not known, or not asked.
    """

    group: RouteGroup
    address: str
    actor: Actor | None = None


@attrs.frozen
class LimitRequests:
    """
    Count a request by address, account and API key, and say how each stands.

    Nothing is counted, and no time taken, where there is no limit.

    Raises:
        TooManyRequests: One of them is over.
        PortFailure: Nobody can say; the caller decides what then.
    """

    limiter: RateLimiter
    rates: dict[RouteGroup, Rates]

    def __call__(self, request: LimitRequest) -> Sequence[Standing]:
        """Count under all that apply."""
        limits = list(self._limits(request))
        if not limits:
            return ()
        standings = self.limiter.count(limits)
        refuse_if_over(standings)
        return standings

    def _limits(self, request: LimitRequest) -> Iterator[Limit]:
        rates, actor = self.rates[request.group], request.actor
        if rates.per_address:
            yield self._limit("address", request, request.address, rates.per_address)
        if actor is not None and rates.per_user:
            yield self._limit("account", request, str(actor.user_id), rates.per_user)
        if actor is not None and actor.key_id is not None and rates.per_key:
            yield self._limit("key", request, str(actor.key_id), rates.per_key)

    def _limit(self, name: str, request: LimitRequest, who: str, most: int) -> Limit:
        return Limit(name, f"{request.group}/{name}/{who}", most, WINDOW)


def refuse_if_over(standings: Sequence[Standing]) -> None:
    """Raise `TooManyRequests` if the last of *standings* is over."""
    if not standings or not standings[-1].is_over:
        return
    wait = max(1, math.ceil(standings[-1].ends_in.total_seconds()))
    raise TooManyRequests(
        f"That was one request too many of this {standings[-1].limit.name}; try again in {wait} s.",
        retry_after_seconds=wait,
        standings=standings,
    )
