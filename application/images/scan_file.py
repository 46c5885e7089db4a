"""Have a file that has arrived looked through for malware."""

import attrs

from application.actor import Actor
from application.audit import note_alone, record_of
from application.images.stage_file import StagedFile
from application.ports.clock import Clock
from application.ports.malware_scanner import MalwareScanner
from application.ports.unit_of_work import Database
from application.sparing import FewAMinute
from domain.errors import MalwareFound
from domain.users.audit import AuditAction, AuditOutcome


@attrs.frozen
class ScanFile:
    """
    Refuse a file in which the scanner knows malware, and put who sent it into the audit trail.

    Whoever sent it is not told what it was taken for, which would help them to change it until
    nothing is found. Nobody fills the trail: what a minute brings beyond *noted* is told by the log
    alone.

    Raises:
        MalwareFound: The scanner knows what is in the file.
        ScannerUnavailable: Nobody can say now; nothing is taken in unseen.
    """

    scanner: MalwareScanner
    database: Database
    clock: Clock
    noted: FewAMinute = attrs.field(factory=lambda: FewAMinute(120))

    def __call__(self, file: StagedFile, sender: Actor) -> None:
        """Return if no malware is known in *file*."""
        malware = self.scanner.scan(file.staged.file)
        if malware is None:
            return
        if self.noted.allow(self.clock.now()):
            subject, outcome = f"file:{file.sha256}", AuditOutcome.REFUSED
            record = record_of(sender, AuditAction.SEND_MALWARE, subject, malware, outcome)
            note_alone(self.database, record)
        raise MalwareFound("a scanner knows malware in the file")
