"""How use cases write the audit trail."""

from uuid import UUID

import attrs

from application.actor import Actor
from application.ports.unit_of_work import Database
from domain.users.audit import AuditAction, AuditOutcome, AuditRecord


@attrs.frozen
class Operator:
    """Whoever runs a command beside the platform, such as `admin create`; may do anything."""

    command: str


Doer = Actor | Operator


def record_of(
    who: Doer,
    action: AuditAction,
    subject: str | None = None,
    detail: str | None = None,
    outcome: AuditOutcome = AuditOutcome.DONE,
) -> AuditRecord:
    """Return what is to be remembered of what *who* did."""
    if isinstance(who, Operator):
        return AuditRecord(action, outcome, command=who.command, subject=subject, detail=detail)
    return AuditRecord(
        action,
        outcome,
        user_id=who.user_id,
        key_id=who.key_id,
        address=who.address,
        subject=subject,
        detail=detail,
    )


def note_alone(database: Database, record: AuditRecord) -> None:
    """Write an entry about what changed nothing else; a power cut may lose it."""
    with database.writing(durable=False) as work:
        work.audit.add(record)
        work.commit()


def user_subject(user_id: UUID) -> str:
    """Return how the trail names an account."""
    return f"user:{user_id}"
