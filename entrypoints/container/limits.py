"""What one may do how often, and has used."""

from application.limits.forget_rates import ForgetRates
from application.limits.limit_requests import LimitRequests
from application.limits.view_usage import ViewUsage
from entrypoints.container.room import Room, adapters, once


class LimitUseCases(Room):
    """Those of `application/limits/`."""

    limit_requests = once(
        LimitRequests, limiter=adapters.rate_limiter, rates=adapters.request_rates
    )
    view_usage = once(
        ViewUsage, database=adapters.database, clock=adapters.clock, quotas=adapters.quotas
    )
    forget_rates = once(ForgetRates, limiter=adapters.rate_limiter)
