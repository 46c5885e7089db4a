"""The body of a request: part of a file, to be sent in time."""

import os
import time


class FileStretch:
    """
    A stretch of a file, to be sent within so many seconds.

    It moves no position of the file, and refuses to be read any further when its time is over: a
    store that takes a few bytes now and then keeps every time-out of a socket waiting for ever.
    """

    def __init__(self, descriptor: int, start: int, end: int, seconds: float) -> None:
        self._descriptor = descriptor
        self._start = start
        self._length = end - start
        self._position = 0
        self._deadline = time.monotonic() + seconds

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes, or raise `TimeoutError`."""
        if time.monotonic() > self._deadline:
            raise TimeoutError("the store takes the bytes too slowly")
        left = self._length - self._position
        wanted = left if size is None or size < 0 else min(size, left)
        chunk = os.pread(self._descriptor, wanted, self._start + self._position)
        self._position += len(chunk)
        return chunk

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move within the stretch, and return where that is."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Return the position within the stretch."""
        return self._position

    def __len__(self) -> int:
        return self._length
