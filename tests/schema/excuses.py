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
        query: A parameter that was sent; HEAD is answered without a problem's document.
        part: Of a form: one that was drawn as no text, and became a text, or nothing, on its way.
    """

    check: str
    operations: str
    reason: str
    code: str = ""
    pointer: str = ""
    query: str = ""
    part: str = ""

    def covers(self, check: str, case: Any, problem: dict[str, Any]) -> bool:
        """Whether such a failure is excused."""
        return (
            (not self.query or self.query in (case.query or {}))
            and (not self.part or _is_untyped(case.body, self.part))
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
        "as above: what is pointed to lies in processingOptions",
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
        _REJECTED,
        "POST /api/assets",
        "names of fonts end otherwise than those of pictures, and the file's own may be meant",
        "invalid-parameter",
        "/name$",
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
        "POST /api/images/upload",
        "as above: of a webhook for this upload",
        "webhook-url-forbidden",
    ),
    Excuse(
        _REJECTED,
        "GET .*",
        "a cursor that nobody was given is refused, whoever draws one",
        "invalid-cursor",
        query="cursor",
    ),
    Excuse(
        _REJECTED,
        "HEAD .*",
        "as above: of lists, whose cursors nobody was given",
        query="cursor",
    ),
    Excuse(
        _REJECTED,
        "(GET|HEAD) /api/admin/(users|audit)",
        "which characters of Unicode print no pattern tells: of texts that are looked for",
        query="q",
    ),
    Excuse(
        _REJECTED,
        "(GET|HEAD) /api/admin/users",
        "as above: of how addresses begin, which are looked for",
        query="email",
    ),
    Excuse(
        _REJECTED,
        "(GET|HEAD) /api/admin/audit",
        "as above: of subjects that are looked for",
        query="subject",
    ),
    Excuse(
        _REJECTED,
        "GET /api/auth/oauth/{provider}/callback",
        "which sign-ins have been begun no schema tells",
        "invalid-sign-in-state",
    ),
)


def excuse_for(failure: Exception, case: Any, response: Any) -> str | None:
    """Return the reason for which *failure* is excused, or None."""
    try:
        problem = json.loads(response.content)
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    for excuse in EXCUSES:
        if excuse.covers(type(failure).__name__, case, problem):
            return excuse.reason
    return None
