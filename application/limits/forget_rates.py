"""Forget how often was asked in times that are over."""

import attrs

from application.ports.rate_limiter import RateLimiter


@attrs.frozen
class ForgetRates:
    """
    Remove counts whose window is over.

    Attributes:
        batch: How many at a time, so that nobody waits long for the database.
    """

    limiter: RateLimiter
    batch: int = 500

    def __call__(self) -> int:
        """Return how many were forgotten; as many as `batch` means there may be more."""
        return self.limiter.forget_ended(self.batch)
