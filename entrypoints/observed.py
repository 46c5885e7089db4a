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

    The outcome is `ok`, the code of a refusal or of a port's failure, or `error`. Only failures
    stand in the log at its usual level: what succeeded or was refused has a line of the request
    or message that it served. What was asked is not logged: it may hold passwords.
    """
    name = type(use_case).__name__

    @functools.wraps(use_case, assigned=(), updated=())
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        started = time.perf_counter()
        outcome, failed = "error", True
        try:
            answer = use_case(*args, **kwargs)
            outcome, failed = "ok", False
        except (DomainError, ApplicationError) as refusal:
            outcome, failed = refusal.code, False
            raise
        except PortFailure as fault:
            outcome = fault.code
            raise
        finally:
            seconds = time.perf_counter() - started
            telemetry.observe_use_case(name, outcome, seconds)
            tell = _log.warning if failed else _log.debug
            tell("use case", use_case=name, outcome=outcome, ms=round(seconds * 1000, 1))
        return answer

    return call
