"""
Landlock: which files a process may still open, whatever it was before.

Bound to it, a process opens nothing that lies in any file system but what it names beforehand,
and cannot look into processes that are not bound likewise. Files without a place in a file system,
such as those of `memfd_create`, stay open to who holds them.
"""

import contextlib
import ctypes
import os
import struct
from collections.abc import Sequence
from typing import Final

# The same on every architecture.
_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1

_READ_FILE: Final = 1 << 2
_EVERY_RIGHT: Final = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""The rights that each version of the kernel's interface has added: refer, truncate, ioctl."""


class LandlockUnavailable(Exception):
    """The kernel, or whoever contains us, does not allow it here."""


def version(libc: ctypes.CDLL) -> int:
    """Return the version of the kernel's interface, 0 if it has none."""
    return max(0, int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)))


def open_only(libc: ctypes.CDLL, files: Sequence[str]) -> None:
    """
    Let this thread, and those that it starts, open nothing any more but *files*, to read them.

    Needs `no_new_privs` first. What is open stays open.

    Raises:
        LandlockUnavailable: No such wall could be built, or it does not hold.
    """
    there = version(libc)
    if not there:
        raise LandlockUnavailable("the kernel has no Landlock, or does not let us have it")
    handled = sum(rights for since, rights in _EVERY_RIGHT.items() if since <= there)
    ruleset = _called(libc, _CREATE_RULESET, *_packed(struct.pack("Q", handled)), 0)
    try:
        for file in files:
            descriptor = os.open(file, os.O_PATH | os.O_CLOEXEC)
            try:
                rule = _packed(struct.pack("=Qi", _READ_FILE, descriptor))[0]
                _called(libc, _ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
            finally:
                os.close(descriptor)
        _called(libc, _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    _prove()


def _called(libc: ctypes.CDLL, number: int, *arguments: object) -> int:
    answer = int(libc.syscall(number, *arguments))
    if answer < 0:
        raise LandlockUnavailable(os.strerror(ctypes.get_errno()))
    return answer


def _packed(data: bytes) -> tuple[ctypes.Array[ctypes.c_char], ctypes.c_size_t]:
    return ctypes.create_string_buffer(data, len(data)), ctypes.c_size_t(len(data))


def _prove() -> None:
    with contextlib.suppress(PermissionError):
        os.close(os.open("/", os.O_RDONLY))
        raise LandlockUnavailable("it does not keep us from what it should")
