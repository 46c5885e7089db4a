"""
Failures that are none, each with the operation, the check and the reason.

An excuse is as narrow as the answer allows: it holds for a check, for named operations, and for a
problem by its code and the place that its pointer shows. What is not here fails the run, and so does
what is here and was not needed.
"""

import re
from collections.abc import Iterable
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
        part: Of a form: one that was drawn as no text, and became a text, or nothing, on its way.
    """

    check: str
    operations: str
    reason: str
    code: str = ""
    pointer: str = ""
    part: str = ""

    def covers(self, check: str, case: Any, problem: dict[str, Any]) -> bool:
        """Whether such a failure is excused."""
        return (
            (not self.part or _is_untyped(case.body, self.part))
            and check == self.check
            and re.fullmatch(self.operations, case.operation.label) is not None
            and (not self.code or problem.get("code") in self.code.split())
            and re.match(self.pointer, problem.get("pointer") or "") is not None
        )


def _is_untyped(body: object, part: str) -> bool:
    return isinstance(body, dict) and part in body and not isinstance(body[part], str)


_REJECTED: Final = "RejectedPositiveData"
_LANGUAGE: Final = (
    "invalid-parameter unknown-member unknown-operation too-many-operations too-many-variants "
    "output-too-large preset-locked invalid-geometry malformed-json"
)
EXCUSES: Final = (
    Excuse(
        _REJECTED,
        ".*",
        "that a key has been sent with another request no schema tells",
        "idempotency-key-reused",
    ),
    Excuse(
        _REJECTED,
        "(PUT|DELETE) /api/presets/{name}",
        "whether a precondition holds no schema tells",
        "precondition-failed",
    ),
    Excuse(
        _REJECTED,
        "POST /api/pipelines/plan|(POST|PUT) /api/presets(/{name})?",
        "the language has notations, and rules among members, that no schema tells; "
        "tests/http/test_language_schema.py compares the two",
        _LANGUAGE,
        "/processingOptions|$",
    ),
    Excuse(
        _REJECTED,
        "POST /api/images/upload",
        "likewise in forms, where what is pointed to lies in processingOptions itself",
        _LANGUAGE,
    ),
    Excuse(
        _REJECTED,
        "POST /api/pipelines/plan",
        "how large pictures may be is the operator's to say",
        "invalid-parameter",
        "/image/(width|height|frames)$",
    ),
    Excuse(
        _REJECTED,
        "POST /api/auth/register|PUT /api/users/profile|POST /api/api-keys",
        "which characters of Unicode print, and whom a name would pass for, no pattern tells",
        "invalid-parameter",
        "/(user)?name$",
    ),
    Excuse(
        "AcceptedNegativeData",
        "POST /api/assets",
        "forms have nothing but texts: `false` is a name like another, and an empty list no part",
        part="name",
    ),
    Excuse(
        _REJECTED,
        "POST /api/images/upload",
        "which files the processing options name no schema tells",
        "unexpected-part",
    ),
    Excuse(
        _REJECTED,
        "POST /api/webhooks",
        "which hosts are called is the operator's to say, and where names lead no schema tells",
        "webhook-url-forbidden",
        "/url$",
    ),
    Excuse(
        _REJECTED,
        "(GET|HEAD) .*",
        "a cursor that nobody was given is refused, whoever draws one",
        "invalid-cursor",
    ),
    Excuse(
        _REJECTED,
        "(GET|HEAD) /api/admin/users",
        "which characters of Unicode print no pattern tells: of names that are looked for",
        "invalid-parameter",
        "/q$",
    ),
)


def excuse_for(failure: Exception, case: Any, problem: object) -> Excuse | None:
    """Return what excuses *failure*, answered with the document *problem*, or None."""
    told = problem if isinstance(problem, dict) else {}
    check = type(failure).__name__
    return next((one for one in EXCUSES if one.covers(check, case, told)), None)


def unused(reasons: Iterable[str]) -> list[Excuse]:
    """Return the excuses that no run needed, of those whose *reasons* were given."""
    given = set(reasons)
    return [one for one in EXCUSES if one.reason not in given]
