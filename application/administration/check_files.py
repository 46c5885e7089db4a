"""Prove that every file which rows promise can be read, whole."""

import hashlib
from collections.abc import Callable
from typing import Final

import attrs

from application.administration.stored_files import pages_of_holders
from application.ports.object_store import ObjectCorrupt, ObjectMissing, ObjectStore
from application.ports.repositories.files import Holder, KeptFile
from application.ports.unit_of_work import Database

_CHUNK_BYTES: Final = 1024 * 1024


@attrs.frozen
class BadFile:
    """
    A file that is not as its row says.

    Attributes:
        fault: `missing` or `corrupt`.
    """

    holder: Holder
    key: str
    fault: str


@attrs.define
class Checked:
    """What a check has seen."""

    files: int = 0
    byte_size: int = 0
    bad: list[BadFile] = attrs.field(factory=list)


@attrs.frozen
class CheckFiles:
    """Read every original, result and asset to its end and compare the digest; change nothing."""

    database: Database
    object_store: ObjectStore

    def __call__(self, on_progress: Callable[[int], None] = lambda _number: None) -> Checked:
        """
        Walk along the rows.

        Raises:
            StorageUnavailable, DatabaseUnavailable: Nothing can be said.
        """
        checked = Checked()
        for page in pages_of_holders(self.database):
            for holder in page:
                for file in holder.files:
                    fault = self._fault_of(file, checked)
                    if fault is not None:
                        checked.bad.append(BadFile(holder, file.key, fault))
            on_progress(len(page))
        return checked

    def _fault_of(self, file: KeptFile, checked: Checked) -> str | None:
        digest, byte_size = hashlib.sha256(), 0
        try:
            with self.object_store.open(file.key) as stored:
                while chunk := stored.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    byte_size += len(chunk)
        except ObjectCorrupt:
            return "corrupt"
        except ObjectMissing:
            return "missing"
        checked.files += 1
        checked.byte_size += byte_size
        is_whole = file.byte_size in (None, byte_size) and file.sha256 in (None, digest.hexdigest())
        return None if is_whole else "corrupt"
