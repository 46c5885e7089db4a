"""Copy everything that a database names from one store to another."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO, cast

import attrs

from application.administration.stored_files import pages_of_holders
from application.ports.object_store import Fingerprint, ObjectMissing, ObjectStore
from application.ports.repositories.files import Holder, KeptFile
from application.ports.unit_of_work import Database
from domain.images.gone import Gone


@attrs.define
class Copied:
    """
    What became of a copy.

    Attributes:
        copied: Files, and their bytes.
        there_already: Files that an earlier copy had brought.
        removed: Holders whose files were removed, as they should, while the copy was made.
        lost: Holders with a file that the source should have and has not, or not whole.
    """

    copied: int = 0
    copied_bytes: int = 0
    there_already: int = 0
    removed: int = 0
    lost: list[Holder] = attrs.field(factory=list)


@attrs.frozen
class CopyFiles:
    """
    Bring the files that the copy of a database names to where the copy will look for them.

    The database is copied first: objects never change, and one is there before its row is, so
    every file that the copied rows name can be fetched afterwards, while the platform runs. What
    has been removed meanwhile is marked so in the copy. What the target has is not fetched again.
    """

    live: Database
    source: ObjectStore
    copy: Database
    target: ObjectStore

    def __call__(self, on_progress: Callable[[int], None] = lambda _number: None) -> Copied:
        """Walk along the copy's rows."""
        copied = Copied()
        for page in pages_of_holders(self.copy):
            for holder in page:
                try:
                    for file in holder.files:
                        self._fetch(file, copied)
                except ObjectMissing:
                    self._settle(holder, copied)
            on_progress(len(page))
        return copied

    def _fetch(self, file: KeptFile, copied: Copied) -> None:
        with suppress(ObjectMissing):
            if file.byte_size in (None, self.target.stat(file.key).byte_size):
                copied.there_already += 1
                return
            self.target.delete(file.key)
        with (
            self.source.open(file.key, _fingerprint_of(file)) as source,
            self.target.stage() as staged,
        ):
            # What is staged only has to be written to, which is all that this asks for.
            shutil.copyfileobj(source, cast("BinaryIO", staged), 1024 * 1024)
            copied.copied_bytes += source.tell()
            self.target.put(file.key, staged)
        copied.copied += 1

    def _settle(self, holder: Holder, copied: Copied) -> None:
        if holder.gone is Gone.MISSING:
            return  # known, and no news
        with self.live.reading() as work:
            still_named = holder.files[0].key in work.files.named([holder.id])
        if still_named:
            copied.lost.append(holder)
            return
        copied.removed += 1
        with self.copy.writing() as work:
            work.files.mark(holder, Gone.REMOVED)
            work.commit()


def _fingerprint_of(file: KeptFile) -> Fingerprint | None:
    if file.byte_size is None or file.sha256 is None:
        return None
    return Fingerprint(file.byte_size, file.sha256)
