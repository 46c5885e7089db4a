"""
Failures that are none, each with the operation, the check and the reason.

An excuse is as narrow as the answer allows: it holds for a check, for named operations, and for a
problem by its code and the place that its pointer shows. What is not here fails the run.
"""

import json
import re
from typing import Any, Final

import attrs


@attrs.frozen
class Excuse:
    """
    Why a check may fail.

    Attributes:
        check: The class of schemathesis' failure.
        operations: Matches labels such as `POST /api/presets`.
        code: Of the problem that was answered; empty for any answer.
        pointer: Matches where it points to.
    """

    check: str
    operations: str
    reason: str
    code: str = ""
    pointer: str = ""

    def covers(self, check: str, label: str, problem: dict[str, Any]) -> bool:
        """Whether such a failure is excused."""
        return (
            check == self.check
            and re.fullmatch(self.operations, label) is not None
            and (not self.code or problem.get("code") in self.code.split())
            and re.match(self.pointer, problem.get("pointer") or "") is not None
        )


EXCUSES: Final[tuple[Excuse, ...]] = ()


def excuse_for(failure: Exception, case: Any, response: Any) -> str | None:
    """Return the reason for which *failure* is excused, or None."""
    try:
        problem = json.loads(response.content)
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    for excuse in EXCUSES:
        if excuse.covers(type(failure).__name__, case.operation.label, problem):
            return excuse.reason
    return None
