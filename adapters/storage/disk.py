"""Objects as files under one directory."""

import fcntl
import os
import secrets
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import attrs

from adapters.storage.keys import checked_key
from adapters.storage.local_files import LocalStagedObject, digest_of, local_errors
from application.ports.object_store import (
    Fingerprint,
    ObjectCorrupt,
    ObjectInfo,
    ObjectMissing,
    ObjectStore,
    Room,
    StagedObject,
    StorageUnavailable,
)

_SHARDS = [f"{number:02x}" for number in range(256)]
_FRESH_SECONDS = 300


@attrs.frozen
class DiskStagedObject(LocalStagedObject):
    """A file in the staging directory, locked for as long as anyone writes to it."""

    path: Path


class DiskObjectStore(ObjectStore):
    """
    Keeps each object in a file of its own, in one of 256 directories.

        root/objects/3f/0b9c….1      the object `0b9c…/1`
        root/staging/…               what is on its way in

    An object enters by a hard link from the staging directory, after its bytes are on the disk:
    a reader meets the whole object or none, and a key that exists is never overwritten. *root*
    therefore is one file system that has hard links. Any number of processes may share it.
    """

    def __init__(self, root: Path) -> None:
        self._objects = root / "objects"
        self._staging = root / "staging"
        with local_errors("The storage directory cannot be used."):
            for directory in (root, self._objects, self._staging):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            # All made at once, so that putting an object has one directory to sync, not two.
            for shard in _SHARDS:
                (self._objects / shard).mkdir(mode=0o700, exist_ok=True)
            for directory in (self._objects, root):
                _sync_directory(directory)
        self.sweep_staging()

    @contextmanager
    def stage(self) -> Iterator[DiskStagedObject]:
        """Make a file that only this process may read, and unlink it when the context ends."""
        with local_errors("The disk has no place for a new file."):
            staged = self._locked_staging_file()
        try:
            yield staged
        finally:
            # Closing cannot lose anything: what was put has been synced.
            with suppress(OSError):
                staged.path.unlink(missing_ok=True)
            with suppress(OSError):
                staged.file.close()

    def put(self, key: str, staged: StagedObject) -> None:
        """Sync the file, link it into place, sync the directory."""
        target = self._path(key)
        with local_errors("The disk did not keep the object."):
            os.fsync(staged.file.fileno())
            # Another's object may stand there already: then only its name has to be made durable.
            with suppress(FileExistsError):
                os.link(staged.file.name, target)
            _sync_directory(target.parent)

    def open(self, key: str, fingerprint: Fingerprint | None = None) -> BinaryIO:
        """
        Open the object's file, unbuffered.

        The size is always compared; the bytes are, unless they came in within the last minutes
        and nobody has written since: then they are still in memory as they came, and to hash them
        would cost much and prove nothing about the disk.
        """
        path = self._path(key)
        try:
            file = path.open("rb", buffering=0)
        except FileNotFoundError as error:
            raise ObjectMissing(f"No object has the key {key}.") from error
        except OSError as error:
            raise StorageUnavailable("The disk did not open the object.") from error
        if fingerprint is not None:
            try:
                _compare(file, fingerprint)
            except BaseException:
                file.close()
                raise
        return file

    def room(self) -> Room:
        """Ask the file system; what it keeps for root does not count as free."""
        with local_errors("The disk did not say how much room it has."):
            there = os.statvfs(self._objects)
        return Room(there.f_blocks * there.f_frsize, there.f_bavail * there.f_frsize)

    def check(self) -> None:
        """See whether the directory is still there; it was made when this object was."""
        self.room()

    def stat(self, key: str) -> ObjectInfo:
        """Ask the file system."""
        path = self._path(key)
        try:
            status = path.stat()
        except FileNotFoundError as error:
            raise ObjectMissing(f"No object has the key {key}.") from error
        except OSError as error:
            raise StorageUnavailable("The disk did not answer.") from error
        # The change time: a link into place sets it, and so does a copy that keeps the others.
        return ObjectInfo(key, status.st_size, datetime.fromtimestamp(status.st_ctime, UTC))

    def delete(self, key: str) -> None:
        """
        Unlink the object's file.

        Not synced: should the machine stop right now, the object is an orphan again and the next
        sweep finds it.
        """
        path = self._path(key)
        with local_errors("The disk did not delete the object."):
            path.unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        """Walk the directories, one at a time."""
        for shard in _SHARDS:
            with local_errors("The disk did not list its objects."):
                names = os.listdir(self._objects / shard)  # noqa: PTH208, names are enough
            yield from (name.replace(".", "/") for name in names)

    def sweep_staging(self, started_before: datetime | None = None) -> int:  # noqa: ARG002
        """
        Remove the staged files of dead processes, and return how many there were.

        Whoever stages a file holds a lock on it, which dies with the last process that has the
        file open; so age does not matter, and a slow upload is never swept away.
        """
        removed = 0
        with local_errors("The staging directory cannot be read."):
            paths = list(self._staging.iterdir())
        for path in paths:
            # Whatever goes wrong here, somebody else was faster, or will be next time.
            with suppress(OSError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
                removed += 1
        return removed

    def _locked_staging_file(self) -> DiskStagedObject:
        while True:
            path = self._staging / secrets.token_hex(16)
            file = open(  # noqa: SIM115, closed by stage
                path, "x+b", buffering=0, opener=_open_private
            )
            fcntl.flock(file, fcntl.LOCK_EX)
            # A sweep may have come between making the file and locking it.
            if os.fstat(file.fileno()).st_nlink > 0:
                return DiskStagedObject(file, path)
            file.close()

    def _path(self, key: str) -> Path:
        # The shard comes from a checksum, not from the key's head, so that keys with a common
        # head spread as well. A dot cannot occur in a key, so no two keys share a name.
        shard = _SHARDS[zlib.crc32(checked_key(key).encode()) & 0xFF]
        return self._objects / shard / key.replace("/", ".")


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _compare(file: BinaryIO, fingerprint: Fingerprint) -> None:
    with local_errors("The disk did not give the object's bytes."):
        status = os.fstat(file.fileno())
        intact = status.st_size == fingerprint.byte_size
        # Linking a file into place moves its change time past its last write; whoever writes to
        # it afterwards sets both anew, to the same moment.
        untouched = status.st_mtime_ns < status.st_ctime_ns
        if intact and not (untouched and time.time() - status.st_ctime < _FRESH_SECONDS):
            digest = digest_of(file.fileno(), 0, fingerprint.byte_size)
            intact = digest.hex() == fingerprint.sha256
    if not intact:
        raise ObjectCorrupt("The object's file was changed or cut.")
