"""Runs the checks side by side, so that a service that hangs holds up no other."""

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Final

from application.checkup import Finding, wrong
from application.errors import PortFailure
from entrypoints import factories
from entrypoints.checks import CHECKS, Check
from entrypoints.mistakes import OperatorMistake
from entrypoints.preparation import remedy_of
from entrypoints.settings import Settings

_SECONDS: Final = 20.0


def findings(
    settings: Settings, checks: Mapping[str, Check] = CHECKS, *, seconds: float = _SECONDS
) -> Iterator[tuple[str, Finding]]:
    """Yield what every check finds, under its name; each has so many *seconds*."""
    factories.telemetry.start_logging(settings, "check")
    logging.disable()  # what is worth knowing is a finding
    running = {name: _Running(check, settings) for name, check in checks.items()}
    deadline = time.monotonic() + seconds
    for name, one in running.items():
        for finding in one.findings_by(deadline, seconds):
            yield name, finding


class _Running:
    """A check in a thread of its own, which is left behind if it hangs."""

    def __init__(self, check: Check, settings: Settings) -> None:
        self._check = check
        self._settings = settings
        self._found: list[Finding] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def findings_by(self, deadline: float, seconds: float) -> list[Finding]:
        self._thread.join(max(0.0, deadline - time.monotonic()))
        found = list(self._found)
        if self._thread.is_alive():
            found.append(
                wrong(
                    f"no answer within {seconds:g} s", "is it the right address, and not blocked?"
                )
            )
        return found

    def _run(self) -> None:
        try:
            for finding in self._check(self._settings):
                self._found.append(finding)
        except Exception as error:  # noqa: BLE001 (it is a finding, whatever it is)
            self._found.append(_finding_of(error))


def _finding_of(error: Exception) -> Finding:
    said = str(error).strip().partition("\n")[0].rstrip(".")
    match error:
        case OperatorMistake():
            return wrong(said, "")
        case PortFailure():
            return wrong(said, remedy_of(error))
        case _:
            return wrong(f"{type(error).__name__}: {said}", "nobody foresaw this; please report it")
