"""A file seen through a window of at most 64 KiB, moved a bounded number of times."""

import struct
from typing import Any, BinaryIO, Final

WINDOW_BYTES: Final = 64 * 1024
MAX_MOVES: Final = 512
MAX_LOOKS: Final = 65_536
# No upload is that long, and file systems refuse to look beyond an end of their own.
_FARTHEST_BYTE: Final = 1 << 40


class EndOfFile(Exception):
    """The file ends before the bytes that its header speaks of."""


class TooManyMoves(Exception):
    """The file sends its reader to and fro more often than any honest file does."""


class Window:
    """
    Random access to the bytes of a file, whatever the file says, at a bounded price.

    The first move reads a whole window, because nearly every header lies within it; later moves
    read little, unless they go on where the last one ended.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._moves_left = MAX_MOVES
        self._looks_left = MAX_LOOKS
        self._start = 0
        self._bytes = b""

    def at(self, offset: int, length: int) -> bytes:
        """
        Return exactly *length* bytes (at most a window) from *offset*.

        Raises:
            EndOfFile: There are fewer.
            TooManyMoves: The budget of moves, or of looks between them, is spent.
        """
        if self._looks_left == 0:
            raise TooManyMoves
        self._looks_left -= 1
        begin = offset - self._start
        if begin < 0 or begin + length > len(self._bytes):
            self._move(offset, length)
            begin = 0
        found = self._bytes[begin : begin + length]
        if len(found) < length:
            raise EndOfFile
        return found

    def unpack(self, layout: str, offset: int) -> tuple[Any, ...]:
        """Return the values of a `struct` *layout* that lie at *offset*."""
        return struct.unpack(layout, self.at(offset, struct.calcsize(layout)))

    def _move(self, offset: int, length: int) -> None:
        if length > WINDOW_BYTES or offset >= _FARTHEST_BYTE:
            raise EndOfFile
        if self._moves_left == 0:
            raise TooManyMoves
        self._moves_left -= 1
        end = self._start + len(self._bytes)
        goes_on = self._start <= offset <= end
        self._file.seek(offset)
        self._bytes = self._file.read(WINDOW_BYTES if goes_on else max(length, 512))
        self._start = offset
