"""Judges customers' URLs by the rules for calling them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from adapters.outbound.rules import CallFailed, CallForbidden, OutboundRules, Target
from application.ports.webhook_guard import WebhookGuard
from domain.errors import WebhookURLForbidden


class RuleWebhookGuard(WebhookGuard):
    """
    Asks the same rules as the client that calls.

    Attributes:
        resolve_seconds: Whoever adds a webhook does not wait longer for a name.
    """

    def __init__(self, rules: OutboundRules, *, resolve_seconds: float = 2.0) -> None:
        self._rules = rules
        self._resolve_seconds = resolve_seconds

    def check(self, url: str, *, pointer: str) -> None:
        with _refusals(pointer), suppress(CallFailed):
            self._rules.check_unresolved(url)
            self._rules.checked_addresses(Target.of(url), time.monotonic() + self._resolve_seconds)

    def check_unresolved(self, url: str, *, pointer: str) -> None:
        with _refusals(pointer):
            self._rules.check_unresolved(url)


@contextmanager
def _refusals(pointer: str) -> Iterator[None]:
    try:
        yield
    except CallForbidden as error:
        raise WebhookURLForbidden(error.remedy, pointer=pointer) from error
