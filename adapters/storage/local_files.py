"""Files of ours on the local disk, and what goes wrong with them."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import attrs

from application.ports.object_store import StagedObject, StorageFull, StorageUnavailable

_CHUNK_BYTES = 256 * 1024
_OUT_OF_ROOM = (errno.ENOSPC, errno.EDQUOT)


@attrs.frozen
class LocalStagedObject(StagedObject):
    """A file on the local disk that nobody else opens."""

    file: BinaryIO

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append *chunk*; on a disk that is nearly full the system may take it in pieces."""
        rest = memoryview(chunk)
        with local_errors("The disk did not take the bytes."):
            while rest:
                rest = rest[self.file.write(rest) :]


@contextmanager
def local_errors(sentence: str) -> Iterator[None]:
    """Translate the system's errors: `StorageFull`, or else `StorageUnavailable(sentence)`."""
    try:
        yield
    except OSError as error:
        if error.errno in _OUT_OF_ROOM:
            raise StorageFull("The disk has no room left.") from error
        raise StorageUnavailable(sentence) from error


def digest_of(descriptor: int, start: int, end: int) -> bytes:
    """Return the SHA-256 of a stretch of a file, moving no position; may raise `OSError`."""
    digest = hashlib.sha256()
    while start < end:
        chunk = os.pread(descriptor, min(_CHUNK_BYTES, end - start), start)
        if not chunk:
            raise OSError(errno.EIO, "the file is shorter than it was")
        digest.update(chunk)
        start += len(chunk)
    return digest.digest()
