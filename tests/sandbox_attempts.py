"""
What a renderer would try that hostile bytes have taken over, run as its own code in its place.

`install` is called in the renderers' process as it starts (a `sitecustomize` on its path). The
walls are then those of the program, built by its own code in its own order; only what is drawn is
not a picture but a list of attempts, for a pipeline that asks for a width of `MARK_PX`. Each says
which wall has to stop it, and by which error; what became of it is written where the result goes.
"""

import contextlib
import ctypes
import errno
import fcntl
import json
import mmap
import os
import platform
import resource
import signal
import socket
import stat
import struct
from collections.abc import Callable
from typing import Any, Final

import attrs

MARK_PX: Final = 13
CANARY: Final = "the-canary-of-the-worker"
SECRET_SETTING: Final = "SAFELIGHT_TOKENS_SECRET"

SECCOMP, LANDLOCK, CAPABILITIES = "seccomp", "landlock", "capabilities"
MEMORY, FILE_SIZE, OPEN_FILES = "memory limit", "file size limit", "open files limit"
DESCRIPTORS, ENVIRONMENT, MODES = "no descriptors", "empty environment", "read-only descriptors"
NOT_KNOWN = "only known calls"

GIB: Final = 1 << 30
_COLUMN: Final = ("x86_64", "aarch64").index(platform.machine())
# Written down anew, so that a wrong number in the program is noticed.
_NUMBERS: Final = {
    "clone": (56, 220), "clone3": (435, 435), "io_uring_setup": (425, 425), "openat2": (437, 437),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "bpf": (321, 280),
    "userfaultfd": (323, 282), "perf_event_open": (298, 241), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "memfd_secret": (447, 447),
    "seccomp": (317, 277), "process_madvise": (440, 440), "io_setup": (206, 0),
    "tgkill": (234, 131), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138),
    "pidfd_open": (434, 434), "open_tree": (428, 428), "fsopen": (430, 430),
    "move_mount": (429, 429), "mount_setattr": (442, 442), "pivot_root": (155, 41),
    "kexec_load": (246, 104), "init_module": (175, 105), "finit_module": (313, 273),
    "move_pages": (279, 239), "get_robust_list": (274, 100), "fanotify_init": (300, 262),
    "execveat": (322, 281), "capset": (126, 91), "syslog": (103, 116), "ioprio_set": (251, 30),
    "sched_setattr": (314, 274), "memfd_create": (319, 279), "mq_open": (240, 180),
    "setgroups": (116, 159), "setresuid": (117, 147), "clock_settime": (227, 112), "settimeofday": (164, 170), "adjtimex": (159, 171),
    "fchmodat2": (452, 452), "setxattrat": (463, 463), "open_tree_attr": (467, 467),
    "file_setattr": (469, 469), "a call of tomorrow": (600, 600),
}  # fmt: skip

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = _libc.mremap.restype = _libc.sbrk.restype = ctypes.c_long


class NothingThere(Exception):
    """There was nothing to be taken."""


@attrs.define
class Place:
    """
    Where the attempts are made.

    Attributes:
        secret: The path of a file with a secret of the worker.
        worker: The process id of the worker; the zygote's is that of our parent.
        source: The descriptor of the picture, to be read.
        target: The descriptor of the result.
        handed: Every descriptor that came with the order.
        address: A place in memory that is the same in the zygote, which has forked us.
    """

    secret: str
    worker: int
    source: int = -1
    target: int = -1
    handed: tuple[int, ...] = ()
    address: int = 0

    @property
    def channel(self) -> int:
        """The socket to the worker."""
        for descriptor in range(3, 256):
            with contextlib.suppress(OSError):
                if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                    return descriptor
        raise NothingThere


@attrs.frozen
class Attempt:
    """
    One thing that must not come off.

    Attributes:
        wall: What has to stop it.
        stopped_by: The errors that this wall stops it with.
        behind: The wall that stops it if the first one is down.
        harmless: Whether it may be made with that wall down.
        at_the_door: The wall that stops it while fonts of strangers are being opened, if another;
            None if it is no attempt then.
    """

    name: str
    wall: str
    do: Callable[[Place], object]
    stopped_by: tuple[str, ...] = ("EPERM",)
    behind: str | None = None
    harmless: bool = True
    at_the_door: str | None = ""


def call(name: str, *arguments: Any) -> int:
    """Call the C library, or the kernel itself, and raise what they say."""
    given = [
        ctypes.c_long(one) if isinstance(one, int) else one or ctypes.c_void_p()
        for one in arguments
    ]
    if name in _NUMBERS:
        answer = _libc.syscall(ctypes.c_long(_NUMBERS[name][_COLUMN]), *given)
    else:
        answer = getattr(_libc, name)(*given)
    if answer == -1:
        raise OSError(ctypes.get_errno(), name)
    return int(answer)


def attempts() -> list[Attempt]:
    """Return everything that is tried."""
    return [
        *_secrets(),
        *_files(),
        *_network(),
        *_processes(),
        *_machine(),
        *_loosening(),
        *_size(),
    ]


def _secrets() -> list[Attempt]:
    by_name: dict[str, Callable[[Place], object]] = {
        "read a secret by its path": lambda place: open(place.secret),
        "read it by a path through the worker's root": lambda place: open(
            f"/proc/{place.worker}/root{place.secret}"
        ),
        "read it by a path through its own root": lambda place: open(
            "/proc/self/root" + place.secret
        ),
        "read the worker's environment": lambda place: open(f"/proc/{place.worker}/environ"),
        "read its parent's environment": lambda _: open(f"/proc/{os.getppid()}/environ"),
        "read its own environment": lambda _: open("/proc/self/environ"),
        "read the worker's memory": lambda place: open(f"/proc/{place.worker}/mem", "rb"),
        "read its parent's memory": lambda _: open(f"/proc/{os.getppid()}/mem", "rb"),
        "open the worker's descriptors": lambda place: open(f"/proc/{place.worker}/fd/0"),
        "list a folder": lambda _: os.listdir("/"),
        "read a device": lambda _: open("/dev/zero", "rb"),
        "read its own program": lambda _: open(__file__),
    }
    return [
        *(Attempt(name, SECCOMP, do, at_the_door=LANDLOCK) for name, do in by_name.items()),
        Attempt("read a secret by openat2", SECCOMP, _openat2),
        Attempt("name a secret by a handle", SECCOMP, _handle),
        Attempt("open a handle", SECCOMP, lambda _: call("open_by_handle_at", -100, None, 0),
                behind=CAPABILITIES),
        Attempt(
            "read from a descriptor that was inherited", DESCRIPTORS, _inherited,
            ("NothingThere",),
        ),
        Attempt(
            "find a secret in what it was told", ENVIRONMENT, _in_the_environment,
            ("NothingThere",),
        ),
        Attempt("watch a secret", SECCOMP, lambda _: call("inotify_init")),
        Attempt("watch everything", SECCOMP, lambda _: call("fanotify_init", 0, 0), behind=CAPABILITIES),
    ]  # fmt: skip


def _openat2(place: Place) -> None:
    how = struct.pack("QQQ", os.O_RDONLY, 0, 0)
    os.close(call("openat2", -100, place.secret.encode(), how, len(how)))


def _handle(place: Place) -> None:
    handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
    call("name_to_handle_at", -100, place.secret.encode(), handle, ctypes.byref(ctypes.c_int()), 0)


def _inherited(place: Place) -> None:
    known = {0, 1, 2, place.channel, *place.handed}
    for descriptor in set(range(256)) - known:
        with contextlib.suppress(OSError):
            os.fstat(descriptor)
            return
    for descriptor in known - {place.source, place.channel, *place.handed}:
        with contextlib.suppress(OSError):
            if os.read(descriptor, 1):
                return
    raise NothingThere


def _in_the_environment(_: Place) -> None:
    address = ctypes.c_void_p.in_dll(_libc, "environ").value
    here = ctypes.cast(address, ctypes.POINTER(ctypes.c_char_p))
    texts = [*map(str, os.environ.items())]
    place = 0
    while here[place]:
        texts.append(here[place].decode(errors="replace"))
        place += 1
    if not any(CANARY in text or SECRET_SETTING in text for text in texts):
        raise NothingThere


def _files() -> list[Attempt]:
    write = os.O_WRONLY

    def beside(place: Place) -> str:
        return str(place.secret) + "-left-by-a-renderer"

    forbidden: dict[str, Callable[[Place], object]] = {
        "make a file": lambda place: os.close(os.open(beside(place), write | os.O_CREAT)),
        "make a file in memory": lambda _: os.close(
            os.open("/dev/shm/left-by-a-renderer", write | os.O_CREAT)
        ),
        "make a file without a name": lambda _: os.close(os.open("/tmp", os.O_TMPFILE | os.O_RDWR)),
        "empty a file": lambda place: os.close(os.open(place.secret, os.O_RDONLY | os.O_TRUNC)),
        "open the picture anew, to change it": lambda place: os.close(
            os.open(f"/proc/self/fd/{place.source}", os.O_RDWR)
        ),
        "shield itself from being killed": lambda _: os.close(
            os.open("/proc/self/oom_score_adj", write)
        ),
        "write its own memory": lambda _: os.close(os.open("/proc/self/mem", os.O_RDWR)),
        "become another user": lambda _: os.close(os.open("/proc/self/uid_map", write)),
        "become what a security module lets": lambda _: os.close(
            os.open("/proc/self/attr/current", write)
        ),
        "name itself": lambda _: os.close(os.open("/proc/self/comm", write)),
        "shorten a file": lambda place: os.truncate(place.secret, 100),
        "put a link to a secret": lambda place: os.symlink(place.secret, beside(place)),
        "put a link at its descriptor": lambda place: os.symlink("/proc/self/fd/0", beside(place)),
        "give a secret a second name": lambda place: os.link(place.secret, beside(place)),
        "give an open file a name": lambda place: call(
            "linkat", place.target, b"", -100, beside(place).encode(), 0x1000
        ),
        "rename": lambda place: os.rename(place.secret, place.secret + "-"),
        "remove a file": lambda place: os.unlink(beside(place)),
        "make a folder": lambda place: os.mkdir(beside(place) + "-folder"),
        "remove a folder": lambda place: os.rmdir(beside(place) + "-folder"),
        "make a node": lambda place: os.mknod(beside(place) + "-node"),
        "change who may read": lambda place: os.chmod(place.secret, 0o644),
        "change who may read the result": lambda place: os.fchmod(place.target, 0o644),
        "change who owns": lambda place: os.chown(place.secret, -1, -1),
        "change a file's time": lambda place: os.utime(place.secret),
        "mark a file": lambda place: os.setxattr(place.secret, "user.x", b"x"),
        "read a file's marks": lambda place: os.listxattr(place.secret),
        "go elsewhere": lambda _: os.chdir("/"),
        "hold the disk up": lambda _: call("syncfs", 0),
        "write in memory that has no owner": lambda _: os.close(os.memfd_create("x")),
        "hide memory from the kernel": lambda _: call("memfd_secret", 1 << 30),
    }  # fmt: skip
    return [
        *(Attempt(name, SECCOMP, do) for name, do in forbidden.items()),
        Attempt("change the root", SECCOMP, lambda _: os.chroot("/"), behind=CAPABILITIES),
        Attempt(
            "overwrite the picture", MODES, lambda place: os.write(place.source, b"x"), ("EBADF",)
        ),
        Attempt(
            "map the picture, to change it", MODES,
            lambda place: mmap.mmap(place.source, 1, mmap.MAP_SHARED, mmap.PROT_WRITE), ("EACCES",),
        ),
    ]  # fmt: skip


def _network() -> list[Attempt]:
    families = {
        "IPv4": socket.AF_INET, "IPv6": socket.AF_INET6, "Unix": socket.AF_UNIX,
        "netlink": socket.AF_NETLINK, "packet": socket.AF_PACKET, "vsock": 40, "alg": 38,
    }  # fmt: skip
    loopback = struct.pack("=HH4s8x", socket.AF_INET, 0x5000, b"\x7f\0\0\1")
    on_channel: dict[str, Callable[[Place], object]] = {
        "connect": lambda place: call("connect", place.channel, loopback, 16),
        "bind": lambda place: call("bind", place.channel, loopback, 16),
        "listen": lambda place: call("listen", place.channel, 1),
        "accept": lambda place: call("accept", place.channel, None, None),
        "send elsewhere": lambda place: call("sendto", place.channel, b"x", 0, 0, loopback, 16),
        "filter a socket": lambda place: call("setsockopt", place.channel, 1, 26, bytes(16), 16),
        "hand a descriptor to the worker": lambda place: socket.send_fds(
            socket.socket(fileno=os.dup(place.channel)), [b""], [0]
        ),
    }
    return [
        *(
            Attempt(f"open a socket: {name}", SECCOMP, _socket(family),
                    behind=CAPABILITIES if name == "packet" else None)
            for name, family in families.items()
        ),
        Attempt("open a pair of sockets", SECCOMP, lambda _: socket.socketpair()),
        *(
            Attempt(name, SECCOMP, do, harmless=name not in ("send elsewhere", "hand a descriptor to the worker"))
            for name, do in on_channel.items()
        ),
    ]  # fmt: skip


def _socket(family: int) -> Callable[[Place], object]:
    kind = {16: socket.SOCK_RAW, 17: socket.SOCK_RAW, 38: socket.SOCK_SEQPACKET}
    return lambda _: socket.socket(family, kind.get(family, socket.SOCK_STREAM)).close()


def _processes() -> list[Attempt]:
    parent = os.getppid
    forbidden: dict[str, Callable[[Place], object]] = {
        "fork a hundred times": _fork_a_hundred,
        "fork by clone": lambda _: _child(call("clone", signal.SIGCHLD, 0, 0, 0, 0)),
        "run a program": lambda _: call("execve", b"", None, None),
        "run a program by a descriptor": lambda _: call("execveat", -1, b"", None, None, 0),
        "wake the worker by a signal": lambda place: os.kill(place.worker, signal.SIGCONT),
        "signal a thread": lambda place: call("tkill", place.worker, signal.SIGCONT),
        "signal a thread of the worker": lambda place: call(
            "tgkill", place.worker, place.worker, signal.SIGCONT
        ),
        "hold the worker": lambda place: os.close(os.pidfd_open(place.worker)),
        "signal who is held": lambda _: call("pidfd_send_signal", -1, 0, None, 0),
        "take a descriptor of who is held": lambda _: call("pidfd_getfd", -1, 0, 0),
        "have the worker signalled by the kernel": lambda place: fcntl.fcntl(
            place.channel, fcntl.F_SETOWN, place.worker
        ),
        "have it signalled with SIGKILL": lambda place: fcntl.fcntl(
            place.channel, fcntl.F_SETSIG, signal.SIGKILL
        ),
        "have it signalled by another name": lambda place: fcntl.fcntl(
            place.channel, 15, struct.pack("ii", 1, place.worker)
        ),
        "have it signalled by a third name": lambda place: fcntl.ioctl(
            place.channel, 0x8901, struct.pack("i", place.worker)
        ),
        "compare with its parent": lambda _: call("kcmp", os.getpid(), parent(), 0, 0, 0),
        "advise about memory of another": lambda _: call("process_madvise", -1, None, 0, 0, 0),
        "move memory of its parent": lambda _: call("move_pages", parent(), 0, None, None, None, 0),
        "look at the locks of its parent": lambda _: call(
            "get_robust_list", parent(), ctypes.byref(ctypes.c_void_p()),
            ctypes.byref(ctypes.c_size_t()),
        ),
        "slow the worker down": lambda place: os.setpriority(os.PRIO_PROCESS, place.worker, 0),
        "slow its disk down": lambda place: call("ioprio_set", 1, place.worker, 0),
        "bind the worker to a processor": lambda place: os.sched_setaffinity(
            place.worker, os.sched_getaffinity(place.worker)
        ),
        "limit the worker": lambda place: resource.prlimit(place.worker, resource.RLIMIT_NOFILE),
        "leave the group": lambda _: os.setpgid(0, 0),
        "share memory": lambda _: call("shmget", 0, 4096, 0o1600),
        "look for shared memory": lambda _: call("shmat", 0, None, 0),
        "share a semaphore": lambda _: call("semget", 0, 1, 0o1600),
        "read another's message": lambda _: call("msgrcv", 0, None, 0, 0, 0),
        "open a queue of messages": lambda _: call("mq_open", b"x", os.O_CREAT | os.O_RDWR, 0, None),
    }  # fmt: skip
    # These could do harm if they came off, or look the same behind the next wall.
    dangerous: dict[str, Callable[[Place], object]] = {
        "fork by vfork": lambda _: call("vfork"),
        "start a thread in a network of its own": lambda _: call(
            "clone", 0x00010000 | 0x0800 | 0x0100 | 0x40000000, 0, 0, 0, 0
        ),
        "kill its parent": lambda _: os.kill(parent(), signal.SIGKILL),
        "trace its parent": lambda _: call("ptrace", 16, parent(), None, None),
        "seize its parent": lambda _: call("ptrace", 0x4206, parent(), None, None),
        "queue a signal": lambda place: call("rt_sigqueueinfo", place.worker, 0, bytes(128)),
        "leave the session": lambda _: os.setsid(),
        "have its parent trace": lambda _: call("ptrace", 0, 0, None, None),
    }
    return [
        *(
            Attempt(name, SECCOMP, do, behind=CAPABILITIES if name in _NEEDS_CAPABILITIES else None)
            for name, do in forbidden.items()
        ),
        *(Attempt(name, SECCOMP, do, harmless=False) for name, do in dangerous.items()),
        Attempt("read its parent's memory by a call", SECCOMP, _vm("process_vm_readv"),
                behind=CAPABILITIES),
        Attempt("write its parent's memory by a call", SECCOMP, _vm("process_vm_writev"),
                behind=CAPABILITIES),
        Attempt("fork by clone3", SECCOMP, lambda _: call("clone3", None, 0), ("ENOSYS",)),
        Attempt("send a gibibyte through the channel", "size of a packet",
                lambda place: os.write(place.channel, bytes(GIB)), ("EMSGSIZE",)),
    ]  # fmt: skip


# Whoever has fewer capabilities than another, if of the same user, may not do these to it.
_NEEDS_CAPABILITIES: Final = (
    "compare with its parent", "move memory of its parent", "look at the locks of its parent",
    "slow the worker down", "slow its disk down", "bind the worker to a processor",
)  # fmt: skip


def _fork_a_hundred(_: Place) -> None:
    refused: OSError | None = None
    for _turn in range(100):
        try:
            _child(os.fork())
        except OSError as error:
            refused = error
        else:
            return  # one that came off is one too many
    assert refused is not None
    raise refused


def _child(pid: int) -> None:
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)


def _vm(name: str) -> Callable[[Place], object]:
    def do(place: Place) -> None:
        here = ctypes.create_string_buffer(8)
        mine = struct.pack("PL", ctypes.addressof(here), 8)
        theirs = struct.pack("PL", place.address, 8)
        call(name, os.getppid(), mine, 1, theirs, 1, 0)

    return do


def _machine() -> list[Attempt]:
    bogus: dict[str, tuple[Any, ...]] = {
        "mount": (b"none", b"/tmp", b"tmpfs", 0, None), "umount2": (b"/tmp", 0xFF00),
        "pivot_root": (b"", b""), "unshare": (0x10000000,), "setns": (-1, 0),
        "open_tree": (-100, b"/", 0), "fsopen": (b"tmpfs", 0),
        "move_mount": (-1, b"", -1, b"", 0), "mount_setattr": (-1, b"", 0, None, 0),
        "bpf": (0, None, 0), "perf_event_open": (None, 0, -1, -1, 0), "userfaultfd": (1,),
        "io_uring_setup": (8, ctypes.create_string_buffer(120)), "io_setup": (1, None), "keyctl": (0, -3, 1),
        "add_key": (b"user", b"x", b"y", 1, -3), "request_key": (b"user", b"x", None, -3),
        "quotactl": (0, None, 0, None), "reboot": (1, 2, 3, None), "swapon": (b"", 0),
        "swapoff": (b"",), "kexec_load": (0, 0, None, 0xFFFF), "init_module": (None, 0, b""),
        "finit_module": (-1, b"", 0), "acct": (b"/nowhere",), "sethostname": (b"x", 1000),
        "setdomainname": (b"x", 1000), "syslog": (3, None, 0), "clock_settime": (0, None),
        "settimeofday": (None, None), "adjtimex": (None,), "vhangup": (), "personality": (0x40000,),
        "splice": (-1, None, -1, None, 1, 0), "vmsplice": (-1, None, 0, 0), "tee": (-1, -1, 1, 0),
    }  # fmt: skip
    if _COLUMN == 0:
        bogus |= {"iopl": (3,), "ioperm": (0, 1, 1)}
    without_rights = {
        "io_setup", "keyctl", "add_key", "request_key", "userfaultfd", "io_uring_setup", "setns",
        "personality", "splice", "vmsplice", "tee", "perf_event_open", "quotactl", "adjtimex",
        "open_tree",
    }  # fmt: skip
    # Made with a wall down, these would change the machine that the tests run on.
    real = {"mount", "umount2", "unshare", "vhangup", "swapoff", "swapon", "acct", "syslog"}
    return [
        *(
            Attempt(
                name, SECCOMP, _machine_call(name, arguments),
                behind=None if name in without_rights else CAPABILITIES, harmless=name not in real,
            )
            for name, arguments in bogus.items()
        ),
        *(
            Attempt(name, NOT_KNOWN, _machine_call(name, (-1, None, 0, None, 0)), ("ENOSYS",))
            for name in ("setxattrat", "open_tree_attr", "file_setattr", "a call of tomorrow")
        ),
    ]  # fmt: skip


def _machine_call(name: str, arguments: tuple[Any, ...]) -> Callable[[Place], object]:
    return lambda _: call(name, *arguments)


def _loosening() -> list[Attempt]:
    process_control = {
        "let others look into it": (4, 1), "outlive its parent": (1, 0), "let it be traced": (0x59616D61, -1),
        "keep rights when it changes its user": (8, 1), "raise a right": (47, 2, 21, 0, 0),
        "choose another filter": (22, 2, None), "choose the strict mode": (22, 1),
        "allow itself new privileges": (38, 0, 0, 0, 0), "move its memory": (35, 1, 0, 0, 0),
        "change its secure bits": (28, 0), "become a reaper": (36, 1),
    }  # fmt: skip
    limits = {
        "memory": resource.RLIMIT_AS, "file size": resource.RLIMIT_FSIZE,
        "open files": resource.RLIMIT_NOFILE, "core": resource.RLIMIT_CORE,
    }  # fmt: skip
    # What is let through without the filter is stopped by the kernel itself, or changes nothing.
    pointless = {"allow itself new privileges", "choose another filter", "choose the strict mode",
                 "move its memory", "change its secure bits", "raise a right"}  # fmt: skip
    allow_all = struct.pack("HBBI", 6, 0, 0, 0x7FFF0000)
    return [
        *(
            Attempt(f"prctl: {name}", SECCOMP, _machine_call("prctl", arguments),
                    harmless=name not in pointless)
            for name, arguments in process_control.items()
        ),
        *(
            Attempt(f"raise its limit: {name}", CAPABILITIES, _raise_limit(which))
            for name, which in limits.items()
        ),
        Attempt("become root", SECCOMP, lambda _: call("setresuid", 0, 0, 0), harmless=False),
        Attempt("join other groups", SECCOMP, lambda _: call("setgroups", 0, None),
                behind=CAPABILITIES),
        Attempt("put a filter of its own on top", SECCOMP,
                lambda _: _own_filter(allow_all), harmless=False, at_the_door=None),
        Attempt("take its capabilities back", SECCOMP, lambda _: _capset(1 << 19 | 1 << 21),
                behind=CAPABILITIES),
    ]  # fmt: skip


def _raise_limit(which: int) -> Callable[[Place], object]:
    def do(_: Place) -> None:
        everything = struct.pack("QQ", 1 << 40, 1 << 40) if which != resource.RLIMIT_NOFILE else (
            struct.pack("QQ", 4096, 4096)
        )  # fmt: skip
        call("setrlimit", int(which), everything)

    return do


def _capset(rights: int) -> None:
    call("capset", struct.pack("=Ii", 0x20080522, 0), struct.pack("=6I", *(rights,) * 2, *[0] * 4))


def _own_filter(code: bytes) -> None:
    buffer = ctypes.create_string_buffer(code, len(code))
    call("seccomp", 1, 0, struct.pack("HxxxxxxP", 1, ctypes.addressof(buffer)))


def _size() -> list[Attempt]:
    much = 4 * GIB
    return [
        Attempt("map 4 GB", MEMORY, lambda _: call("mmap", 0, much, 3, 0x22, -1, 0), ("ENOMEM",)),
        Attempt("map 4 GB that are shared", MEMORY,
                lambda _: call("mmap", 0, much, 3, 0x21, -1, 0), ("ENOMEM",)),
        Attempt("move its break by 4 GB", MEMORY, lambda _: call("sbrk", much), ("ENOMEM",)),
        Attempt("have 4 GB as an object", MEMORY, lambda _: bytearray(much), ("MemoryError",),
                harmless=False),
        Attempt("write 1 GB to the result", FILE_SIZE, _write_a_gibibyte, ("EFBIG",),
                harmless=False),
        Attempt("stretch the result to 1 GB", FILE_SIZE,
                lambda place: os.ftruncate(place.target, GIB), ("EFBIG",)),
        Attempt("set 1 GB aside for the result", FILE_SIZE,
                lambda place: os.posix_fallocate(place.target, 0, GIB), ("EFBIG",),
                harmless=False),
        Attempt("write behind 1 GB", FILE_SIZE,
                lambda place: os.pwrite(place.target, b"x", GIB), ("EFBIG",)),
        Attempt("write 1 GB to its standard error", "a pipe that is bounded",
                lambda _: _write(2), ("EAGAIN",), harmless=False),
        Attempt("hold a thousand descriptors", OPEN_FILES, _hold_a_thousand, ("EMFILE",)),
    ]  # fmt: skip


def _write_a_gibibyte(place: Place) -> None:
    os.lseek(place.target, 0, os.SEEK_SET)
    _write(place.target)


def _write(descriptor: int) -> None:
    block, written = bytes(1 << 20), 0
    while written < GIB:
        written += os.write(descriptor, block)


def _hold_a_thousand(_: Place) -> None:
    held: list[int] = []
    try:
        while len(held) < 1000:
            held.append(os.dup(0))
    finally:
        for one in held:
            os.close(one)


def outcome_of(attempt: Attempt, place: Place) -> str:
    """Make it, and say what stopped it; an empty text if nothing did."""
    try:
        made = attempt.do(place)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "OSError")
    except (NothingThere, MemoryError) as error:
        return type(error).__name__
    if hasattr(made, "close"):
        made.close()
    return ""


def made(place: Place, *, all_of_them: bool, at_the_door: bool = False) -> dict[str, str]:
    """Make every attempt, or those that may be made while a wall is down."""
    return {
        attempt.name: outcome_of(attempt, place)
        for attempt in attempts()
        if (attempt.harmless or all_of_them) and not (at_the_door and attempt.at_the_door is None)
    }


def install(secret: str, worker: int, down: tuple[str, ...]) -> None:
    """
    Put the attempts in the place of drawing, in the process that calls this.

    With walls *down*, they are not built, and the attempts are made that may be made then.
    """
    from adapters.imaging import vips_drawing, vips_texts
    from adapters.imaging.messages import Done, Written
    from domain.images.formats import ImageFormat
    from domain.images.operations import Resize

    in_the_zygote = ctypes.create_string_buffer(b"shared by fork")
    place = Place(secret, worker, address=ctypes.addressof(in_the_zygote))
    really_draw, really_open_fonts = vips_drawing.draw, vips_texts.open_own_fonts
    found: dict[str, Any] = {"at the door": None}

    def is_meant(pipeline: Any) -> bool:
        return any(
            isinstance(step, Resize) and step.width == MARK_PX for step in pipeline.operations
        )

    def open_own_fonts(pipeline: Any, assets: Any) -> Any:
        if is_meant(pipeline):
            _look_around(place)
            found["at the door"] = made(place, all_of_them=not down, at_the_door=True)
        return really_open_fonts(pipeline, assets)

    def draw(pipeline: Any, source: int, targets: Any, *rest: Any) -> Any:
        if not is_meant(pipeline):
            return really_draw(pipeline, source, targets, *rest)
        assert in_the_zygote.value
        _look_around(place)
        place.source, place.target = source, targets[0]
        found["shut in"] = made(place, all_of_them=not down)
        os.ftruncate(place.target, 0)
        os.lseek(place.target, 0, os.SEEK_SET)
        os.write(place.target, json.dumps(found).encode())
        return Done((Written(ImageFormat.JPEG, 1, 1, 1),), {}, 1)

    vips_drawing.draw, vips_texts.open_own_fonts = draw, open_own_fonts
    for wall in down:
        _take_down(wall, secret)


def _look_around(place: Place) -> None:
    """Find what came with the order: the picture to be read, the result to be written."""
    place.handed, place.target = (), -1
    for descriptor in range(3, 256):
        with contextlib.suppress(OSError):
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                if not place.handed:
                    place.source = descriptor
                elif place.target < 0:
                    place.target = descriptor
                if not _holds_the_secret(descriptor):
                    place.handed += (descriptor,)


def _holds_the_secret(descriptor: int) -> bool:
    return CANARY.encode() in os.pread(descriptor, 100, 0)


def _take_down(wall: str, secret: str) -> None:
    from adapters.imaging import landlock, sandbox

    limits = {
        MEMORY: resource.RLIMIT_AS, FILE_SIZE: resource.RLIMIT_FSIZE,
        OPEN_FILES: resource.RLIMIT_NOFILE,
    }  # fmt: skip
    if wall == SECCOMP:
        sandbox.refuse_system_calls = lambda *_, **__: None
    elif wall == CAPABILITIES:
        sandbox._without_capabilities = list
    elif wall == LANDLOCK:
        landlock.open_only = lambda *_: None
    elif wall == ENVIRONMENT:
        os.environ[SECRET_SETTING] = CANARY
    elif wall == DESCRIPTORS:
        os.open(secret, os.O_RDONLY)
    elif wall in limits:
        really_limit, spared = sandbox._limit, limits[wall]
        sandbox._limit = lambda what, value: what == spared or really_limit(what, value)
    else:
        raise AssertionError(wall)
