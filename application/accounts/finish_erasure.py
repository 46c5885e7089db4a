"""Destroy what is left of an account that was given up, or of a picture."""

import hashlib
from enum import Enum
from typing import Final
from uuid import UUID

import attrs

from application.ports.clock import Clock
from application.ports.failpoints import Failpoints
from application.ports.message_publisher import Message
from application.ports.object_store import ObjectStore
from application.ports.unit_of_work import Database, UnitOfWork
from domain.tasks.priority import Priority
from domain.users.erasure import Erasure, ErasureDue

_FILES_A_PAGE: Final = 200
_FILES_AN_ANSWER: Final = 1_000


class DestructionOutcome(Enum):
    """What became of it."""

    SKIPPED = "skipped"  # done, or somebody else is at it
    GOES_ON = "goes on"  # there is more; another message says so
    DESTROYED = "destroyed"


@attrs.frozen
class FinishErasure:
    """
    Destroy a batch of pictures of an account that was given up, and ask for the next.

    Rows go first, and in the same transaction their files are written down; then the files go, and
    then that is written down. Whoever dies in between is followed by another who goes on. When
    nothing is left the receipt is sealed; a day later the nameless row of the user goes as well.

    Of a single picture the rows have gone already. What was written down of it goes with its files.

    Attributes:
        batch: Images at a time, so that nobody waits long for the database.
    """

    database: Database
    object_store: ObjectStore
    clock: Clock
    failpoints: Failpoints
    batch: int = 50

    def __call__(self, erasure_id: UUID) -> DestructionOutcome:
        """Destroy rows, destroy files, see whether anything is left."""
        with self.database.writing() as work:
            erasure = work.erasures.hold(erasure_id)
            if erasure is None:
                return DestructionOutcome.SKIPPED
            rows = erasure.has_account and self._destroy_rows(work, erasure)
            work.commit()
        self.failpoints.reach("erasure.after_rows")
        self._destroy_files(erasure)
        with self.database.writing() as work:
            held = work.erasures.hold(erasure_id)
            if held is None:
                # What was written down of a picture has gone with its last file.
                done = not erasure.has_account
                return DestructionOutcome.DESTROYED if done else DestructionOutcome.SKIPPED
            if rows or work.erasures.undestroyed(erasure_id, 1):
                work.outbox.add(Message(ErasureDue.__name__, held.id, str(held.id), Priority.BATCH))
                work.commit()
                return DestructionOutcome.GOES_ON
            if held.has_account:
                self._seal(work, held)
            else:
                work.erasures.forget(held.id)
            work.commit()
        return DestructionOutcome.DESTROYED

    def _destroy_rows(self, work: UnitOfWork, erasure: Erasure) -> bool:
        """Destroy a batch of rows; return whether there were pictures among them."""
        # Again: a request that was under way may have added something since.
        late = work.erasures.withdraw(erasure.user_id, "")
        rows = work.erasures.destroy_pictures(erasure, self.batch)
        if any(late.values()) or rows:
            work.erasures.save(erasure.with_counts(late).with_counts(rows))
        return bool(rows)

    def _destroy_files(self, erasure: Erasure) -> None:
        for _ in range(_FILES_AN_ANSWER // _FILES_A_PAGE):
            with self.database.reading() as work:
                files = work.erasures.undestroyed(erasure.id, _FILES_A_PAGE)
            if not files:
                return
            for file in files:
                self.object_store.delete(file.key)
            self.failpoints.reach("erasure.after_files")
            with self.database.writing() as work:
                work.erasures.mark_destroyed(erasure.id, files)
                if not erasure.has_account:
                    work.erasures.forget(erasure.id)
                work.commit()

    def _seal(self, work: UnitOfWork, erasure: Erasure) -> None:
        now = self.clock.now()
        sealed = attrs.evolve(
            erasure,
            destroyed_at=erasure.destroyed_at or now,
            files_sha256=_digest_of_files(work, erasure.id),
        )
        work.erasures.save(sealed)
        if sealed.may_close(now):
            work.erasures.close(sealed)


def _digest_of_files(work: UnitOfWork, erasure_id: UUID) -> str:
    digest, position = hashlib.sha256(), 0
    while files := work.erasures.files(erasure_id, position, _FILES_A_PAGE):
        for file in files:
            digest.update(f"{file.key}\n".encode())
        position = files[-1].position
    return digest.hexdigest()
