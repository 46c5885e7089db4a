"""
The walls around a renderer, each standing by itself.

What the kernel or the container forbids us to build is reported, not fatal: the remaining walls
still hold, and the operator is told once.
"""

import contextlib
import ctypes
import math
import os
import resource
import signal
import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from adapters.imaging import landlock
from adapters.imaging.limits import RendererLimits
from adapters.imaging.seccomp import SeccompUnavailable, refuse_system_calls

OPEN_FILES: Final = 64
THREADS: Final = 1024
"""Of all renderers of an editor together; one has fewer than ten."""

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_CLONE_NEWNS: Final = 0x00020000
_CLONE_NEWIPC: Final = 0x08000000
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000

_CAPABILITIES_3: Final = 0x20080522
_ALL_USERS: Final = 0xFFFFFFFF

_libc = ctypes.CDLL(None, use_errno=True)


def enter_namespaces() -> list[str]:
    """
    Give this process, and all it forks, an empty network, its own mounts and shared memory.

    Returns the names of the walls that could not be built. Has to be called before any thread
    is started.
    """
    spaces = _CLONE_NEWNET | _CLONE_NEWNS | _CLONE_NEWIPC
    user, group = os.geteuid(), os.getegid()
    if user == 0 and _libc.unshare(spaces) == 0:
        return []
    if _libc.unshare(spaces | _CLONE_NEWUSER) != 0:
        return ["namespaces"]
    # Without a map our own files would belong to nobody.
    with contextlib.suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    return []


def enter_vanished_directory() -> None:
    """Work from a directory that exists no more: nothing can be made in it, nor found."""
    directory = tempfile.mkdtemp(prefix="renderer-")
    os.chdir(directory)
    Path(directory).rmdir()


def lock_down(
    limits: RendererLimits, parent_pid: int, *, still_readable: Sequence[str] | None = None
) -> list[str]:
    """
    Shut this freshly forked process in, with every thread it has, for good.

    With *still_readable* one door stays until `shut_the_door`: it may open these files, and those
    that it holds and that lie nowhere (memfd), to read them. It must have one thread then.

    Returns the names of the walls that could not be built.

    Raises:
        LandlockUnavailable: Nobody keeps it from opening others.
    """
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:  # it died before we asked to die with it
        os._exit(0)
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    _limit(resource.RLIMIT_AS, limits.memory_bytes)
    _limit(resource.RLIMIT_FSIZE, limits.output_bytes)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    _limit(resource.RLIMIT_CORE, 0)
    if _has_users_of_its_own():
        _limit(resource.RLIMIT_NPROC, THREADS)
    missing = _without_capabilities()
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        if still_readable is not None:
            raise landlock.LandlockUnavailable("it needs no_new_privs, which could not be set")
        return [*missing, "no_new_privs", "seccomp"]
    if still_readable is not None:
        landlock.open_only(_libc, still_readable)
    return missing + _filtered(may_read_files=still_readable is not None)


def shut_the_door() -> None:
    """Open no file from now on, where `lock_down` has left that."""
    _filtered(may_read_files=False)


def hides_files() -> bool:
    """Tell whether this system lets us say which files a process may open."""
    return landlock.version(_libc) > 0


def _has_users_of_its_own() -> bool:
    """
    Tell whether this process is in a user namespace other than the machine's.

    Elsewhere its user's other processes would count with it, and nobody knows how many there are.
    """
    mapped = Path("/proc/self/uid_map").read_bytes().split()
    return not mapped or int(mapped[-1]) != _ALL_USERS


def _without_capabilities() -> list[str]:
    """Give up what root may do, and what the first in a user namespace may do there, for good."""
    header = struct.pack("=Ii", _CAPABILITIES_3, 0)
    nothing = struct.pack("=6I", 0, 0, 0, 0, 0, 0)
    return [] if _libc.capset(header, nothing) == 0 else ["capabilities"]


def _filtered(*, may_read_files: bool) -> list[str]:
    try:
        refuse_system_calls(_libc, may_read_files=may_read_files)
    except SeccompUnavailable:
        return ["seccomp"]
    return []


def allow_processor_seconds(seconds: int) -> None:
    """Let this process spend *seconds* more; then SIGXCPU ends it."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    _, ceiling = resource.getrlimit(resource.RLIMIT_CPU)
    allowed = math.ceil(spent.ru_utime + spent.ru_stime) + seconds
    if ceiling != resource.RLIM_INFINITY:
        allowed = min(allowed, ceiling)
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, ceiling))


def _limit(what: int, value: int) -> None:
    _, ceiling = resource.getrlimit(what)
    if ceiling != resource.RLIM_INFINITY:
        value = min(value, ceiling)
    resource.setrlimit(what, (value, value))
