"""The audit trail: who did what about accounts, rights and what is shared, when and from where."""

from datetime import datetime
from enum import Enum
from typing import Final
from uuid import UUID

import attrs

from domain.words import UnknownWord

MAX_TEXT_CHARACTERS: Final = 200


class AuditAction(Enum):
    """Everything that leaves an entry; what is not here leaves none."""

    # Accounts, by their owners
    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    REGISTER = "register"
    END_SESSIONS = "end sessions"
    CHANGE_PROFILE = "change profile"
    VERIFY_EMAIL = "verify address"
    CHANGE_PASSWORD = "change password"  # noqa: S105 -- what is done, not the thing
    ASK_FOR_RESET = "ask for password reset"
    RESET_PASSWORD = "reset password"  # noqa: S105  # as above
    EXPORT_ACCOUNT = "export account"
    ERASE_ACCOUNT = "erase account"  # or by those who look after them
    CREATE_API_KEY = "create API key"
    REVOKE_API_KEY = "revoke API key"
    LINK_IDENTITY = "link identity"
    UNLINK_IDENTITY = "unlink identity"
    SEND_MALWARE = "send malware"  # always refused
    # Pictures, by their owners
    ERASE_IMAGE = "erase image"
    # What everybody uses
    ADD_SHARED_PRESET = "add shared preset"
    CHANGE_SHARED_PRESET = "change shared preset"
    REMOVE_SHARED_PRESET = "remove shared preset"
    ADD_SHARED_ASSET = "add shared asset"
    REMOVE_SHARED_ASSET = "remove shared asset"
    # Accounts, by those who look after them
    CREATE_ADMIN = "create administrator"
    CHANGE_ROLES = "change roles"
    DISABLE_ACCOUNT = "disable account"
    ENABLE_ACCOUNT = "enable account"
    # Looking
    VIEW_PROFILE = "view profile"  # another's
    LIST_USERS = "list users"
    VIEW_USER = "view user"
    READ_AUDIT = "read audit"
    LIST_TASKS = "list tasks"
    READ_LOGS = "read logs"
    VIEW_QUEUES = "view queues"
    # Work
    REQUEUE_TASK = "requeue task"
    DROP_TASK = "drop task"


class AuditOutcome(Enum):
    """What became of it."""

    DONE = "done"
    REFUSED = "refused"


def one_line(text: str | None) -> str | None:
    r"""
    Return *text* as the trail keeps it: what does not print is escaped (`\u000a`), all has an end.

    A name that somebody made up thus forges no line wherever the trail is shown. Done again, it
    changes nothing.
    """
    if text is None:
        return None
    shown = "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in text)
    return shown if len(shown) <= MAX_TEXT_CHARACTERS else shown[: MAX_TEXT_CHARACTERS - 1] + "…"


@attrs.frozen
class AuditRecord:
    """
    What is to be remembered of one action.

    Attributes:
        user_id: Who did it; None for nobody we know, and for an operator.
        key_id: The API key by which they did it, if it was one.
        command: The operator's command, such as `admin create`, if it was one.
        address: Where the request came from, as far as the API knows.
        subject: What it was done to, such as `user:<id>` or `preset:card`.
        detail: What else there is to know; never a secret.
    """

    action: AuditAction | UnknownWord
    outcome: AuditOutcome | UnknownWord = AuditOutcome.DONE
    user_id: UUID | None = None
    key_id: UUID | None = None
    command: str | None = attrs.field(default=None, converter=one_line)
    address: str | None = attrs.field(default=None, converter=one_line)
    subject: str | None = attrs.field(default=None, converter=one_line)
    detail: str | None = attrs.field(default=None, converter=one_line)


@attrs.frozen
class AuditEntry:
    """A record in its place: `id` and `at`, the database's clock, put entries in order."""

    id: int
    at: datetime
    record: AuditRecord
