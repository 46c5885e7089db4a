"""Copies of fonts that lie in memory, and that nobody can change while they are read."""

import fcntl
import os
import shutil
from typing import BinaryIO, Final

_SEALS: Final = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


def sealed_copy(font: BinaryIO) -> BinaryIO:
    """
    Return the bytes of *font* as a file that lies in no folder; nothing of them is understood here.

    A renderer may open it although no other file: and what maps it into memory need not fear that
    it shrinks.

    Raises:
        OSError: It cannot be read, or there is no memory.
    """
    copy = os.fdopen(os.memfd_create("font", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), "w+b")
    try:
        font.seek(0)
        shutil.copyfileobj(font, copy)
        copy.flush()
        fcntl.fcntl(copy, fcntl.F_ADD_SEALS, _SEALS)
    except BaseException:
        copy.close()
        raise
    return copy
