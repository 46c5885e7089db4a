"""Watch a use case: one log line, one duration, one outcome for every call."""

import functools
import time
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

import structlog

from application.errors import ApplicationError, PortFailure
from application.ports.telemetry import Telemetry
from domain.errors import DomainError

P = ParamSpec("P")
R = TypeVar("R")

_log: Final = structlog.get_logger("safelight.use_case")


def observed(use_case: Callable[P, R], telemetry: Telemetry) -> Callable[P, R]:
    """
    Return *use_case* as it is called, and tell the log and *telemetry* of every call.

    The outcome is `ok`, the code of a refusal or of a port's failure, or `error`. Only what nobody
    foresaw stands in the log at its usual level: the rest has a line of the request, message or
    chore that it served. What was asked is not logged: it may hold passwords.
    """
    name = type(use_case).__name__

    @functools.wraps(use_case, assigned=(), updated=())
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        started = time.perf_counter()
        outcome, foreseen = "error", False
        try:
            answer = use_case(*args, **kwargs)
            outcome, foreseen = "ok", True
        except (DomainError, ApplicationError, PortFailure) as error:
            outcome, foreseen = error.code, True
            raise
        finally:
            seconds = time.perf_counter() - started
            telemetry.observe_use_case(name, outcome, seconds)
            tell = _log.debug if foreseen else _log.warning
            tell("use case", use_case=name, outcome=outcome, ms=round(seconds * 1000, 1))
        return answer

    return call
