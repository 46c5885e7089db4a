"""
Is it the storage? Decoders and encoders complain of a failing disk as they do of a bad picture.

So whoever holds the files asks the disk itself, by reading and writing a little.
"""

import contextlib
import errno
import os
from collections.abc import Iterable
from typing import Final

OUT_OF_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
STORAGE_ERRORS: Final = (*OUT_OF_ROOM, errno.EIO, errno.EROFS, errno.ESTALE)
"""What only a disk, or what stands in for one, says; a result beyond its limit is EFBIG."""

_CHUNK_BYTES: Final = 64 * 1024


def reading_error(descriptors: Iterable[int]) -> int | None:
    """Read every file to its end, moving no position; return the storage's error, or None."""
    buffer = bytearray(_CHUNK_BYTES)
    try:
        for descriptor in descriptors:
            offset = 0
            while count := os.preadv(descriptor, [buffer], offset):
                offset += count
    except OSError as error:
        return _of_storage(error)
    return None


def writing_error(descriptor: int, *, up_to: int) -> int | None:
    """
    Write past the end of a file that may grow *up_to* so many bytes, and take it back.

    Return the storage's error, or None. More than a block is written: the last one that the file
    has may have room although the disk has not.
    """
    try:
        size = os.fstat(descriptor).st_size
        end = min(size + _CHUNK_BYTES, up_to)
        try:
            offset = size
            while offset < end:
                offset += os.pwrite(descriptor, bytes(end - offset), offset)
        finally:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, size)
    except OSError as error:
        return _of_storage(error)
    return None


def _of_storage(error: OSError) -> int | None:
    return error.errno if error.errno in STORAGE_ERRORS else None
