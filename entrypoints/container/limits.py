"""What one may do how often, and has used."""

from application.limits.forget_rates import ForgetRates
from application.limits.limit_requests import LimitRequests
from application.limits.view_usage import ViewUsage
from entrypoints.container.room import Room, adapters, use_case


class LimitUseCases(Room):
    """Those of `application/limits/`."""

    limit_requests = use_case(
        LimitRequests, limiter=adapters.rate_limiter, rates=adapters.request_rates
    )
    view_usage = use_case(ViewUsage)
    forget_rates = use_case(ForgetRates, limiter=adapters.rate_limiter)
