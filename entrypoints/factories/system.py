# ruff: noqa: PLC0415  # so that a process loads what it uses and nothing else
"""The clock, ids, and what else is of this machine."""

from application.ports.clock import Clock
from application.ports.errands import Errands
from application.ports.failpoints import Failpoints
from application.ports.ids import Ids
from entrypoints.settings import Settings


def clock() -> Clock:
    from adapters.system.clock import SystemClock

    return SystemClock()


def ids() -> Ids:
    from adapters.system.ids import RandomIds

    return RandomIds()


def errands() -> Errands:
    from adapters.system.errands import ThreadErrands

    return ThreadErrands()


def failpoints(settings: Settings) -> Failpoints:
    from adapters.system.failpoints import ArmedFailpoints

    return ArmedFailpoints(settings.failpoint)
