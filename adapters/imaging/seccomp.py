"""
A seccomp filter for a process that computes, and does nothing else.

It may read and write the descriptors it holds, map memory and start threads. It may not open or
change any file, make sockets or processes, signal or inspect others, have the kernel signal others
for it, or leave its process group. Refused calls fail with EPERM, so that libraries can cope;
nothing is killed for trying. What is younger than this list is not there: ENOSYS.
"""

import ctypes
import errno
import fcntl
import os
import platform
import struct
import termios
from collections.abc import Sequence
from typing import Final

PR_SET_NAME: Final = 15
_SECCOMP_SET_MODE_FILTER: Final = 1
_SECCOMP_FILTER_FLAG_TSYNC: Final = 1
_SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
_RET_ALLOW: Final = 0x7FFF0000
_RET_ERRNO: Final = 0x00050000
_RET_KILL_PROCESS: Final = 0x80000000
_CLONE_THREAD: Final = 0x00010000
# New mounts, control groups, names, IPC, users, processes, network, time.
_CLONE_NEW: Final = 0x7E020080
_X32_BIT: Final = 0x40000000

# Opcodes of classic BPF, and the offsets of struct seccomp_data.
_LOAD: Final = 0x20
_JUMP_EQUAL: Final = 0x15
_JUMP_AT_LEAST: Final = 0x35
_JUMP_ANY_BIT: Final = 0x45
_RETURN: Final = 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _ARGUMENT_BYTES = 0, 4, 16, 8

_AUDIT_ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_COLUMNS: Final = ("x86_64", "aarch64")

# Numbers on x86_64 and aarch64; None where the architecture does not have the call.
_REFUSED: Final[dict[str, tuple[int | None, int | None]]] = {
    # files, by name
    "open": (2, None), "creat": (85, None), "openat": (257, 56), "openat2": (437, 437),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "truncate": (76, 45), "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276),
    "mkdir": (83, None), "mkdirat": (258, 34), "rmdir": (84, None), "link": (86, None),
    "linkat": (265, 37), "unlink": (87, None), "unlinkat": (263, 35), "symlink": (88, None),
    "symlinkat": (266, 36), "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53),
    "fchmodat2": (452, 452), "chown": (92, None), "fchown": (93, 55), "lchown": (94, None),
    "fchownat": (260, 54), "mknod": (133, None), "mknodat": (259, 33), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "getxattr": (191, 8), "lgetxattr": (192, 9), "listxattr": (194, 11), "llistxattr": (195, 12),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "chdir": (80, 49),
    "fchdir": (81, 50), "inotify_init": (253, None), "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27), "fanotify_init": (300, 262), "fanotify_mark": (301, 263),
    "sync": (162, 81), "syncfs": (306, 267), "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    # sockets, and messages that could carry descriptors away
    "socket": (41, 198), "socketpair": (53, 199), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242), "connect": (42, 203), "sendto": (44, 206),
    "sendmsg": (46, 211), "sendmmsg": (307, 269), "setsockopt": (54, 208),
    # processes, signals and looking into others
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "kill": (62, 129), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "process_madvise": (440, 440), "kcmp": (312, 272),
    "process_mrelease": (448, 448), "migrate_pages": (256, 238), "move_pages": (279, 239),
    "get_robust_list": (274, 100), "setpriority": (141, 140), "ioprio_set": (251, 30),
    "setsid": (112, 157), "setpgid": (109, 154), "personality": (135, 92),
    # being somebody else
    "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143),
    "setresuid": (117, 147), "setresgid": (119, 149), "setgroups": (116, 159),
    "setfsuid": (122, 151), "setfsgid": (123, 152), "capset": (126, 91),
    # memory shared with others
    "shmget": (29, 194), "shmctl": (31, 195), "shmat": (30, 196), "shmdt": (67, 197),
    "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187),
    "mq_open": (240, 180), "mq_unlink": (241, 181),
    # the machine
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "unshare": (272, 97), "setns": (308, 268), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "swapon": (167, 224), "reboot": (169, 142), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "quotactl": (179, 60), "add_key": (248, 217),
    "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "io_setup": (206, 0),
    "io_submit": (209, 2), "splice": (275, 76), "vmsplice": (278, 75), "tee": (276, 77),
    "swapoff": (168, 225), "acct": (163, 89), "sethostname": (170, 161),
    "setdomainname": (171, 162), "syslog": (103, 116), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None), "vhangup": (153, 58),
    "lookup_dcookie": (212, 18), "nfsservctl": (180, 42), "quotactl_fd": (443, 443),
    "uselib": (134, None),
}  # fmt: skip
_CLONE: Final = (56, 220)
_CLONE3: Final = 435
_YOUNGER: Final = 454
"""The first that nobody has looked at; the numbers are the same on every architecture by then."""
_TGKILL: Final = (234, 131)
# By the place of their argument that must be one of these values.
_BOUNDED: Final[dict[str, tuple[tuple[int, int], int, tuple[int, ...]]]] = {
    "prctl": ((157, 167), 0, (PR_SET_NAME,)),
    # Oneself, not another.
    "prlimit64": ((302, 261), 0, (0,)), "sched_setaffinity": ((203, 122), 0, (0,)),
    "sched_setscheduler": ((144, 119), 0, (0,)), "sched_setparam": ((142, 118), 0, (0,)),
    "sched_setattr": ((314, 274), 0, (0,)),
    # Without what names an owner to be signalled, or the signal: nobody else is asked then.
    "fcntl": ((72, 25), 1, (
        fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL,
        fcntl.F_SETFL,
    )),
    "ioctl": ((16, 29), 1, (
        termios.TCGETS, 0x802C542A, termios.TIOCGWINSZ,  # is it a terminal, as isatty asks
        termios.FIONREAD, termios.FIONBIO, termios.FIOCLEX, termios.FIONCLEX,
    )),
}  # fmt: skip
_SECCOMP_ALONE: Final = {"seccomp": (317, 277)}
# By the place of their argument that holds the flags.
_OPENINGS: Final = {"open": 1, "openat": 2}
_NOT_TO_READ: Final = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC


class SeccompUnavailable(Exception):
    """The kernel, or whoever contains us, does not allow a filter here."""


def refuse_system_calls(libc: ctypes.CDLL, *, may_read_files: bool = False) -> None:
    """
    Bind every thread of this process, and those they start, to the filter, for good.

    Needs `no_new_privs` first. Who may read files, for as long as no stricter filter comes on top,
    may open them, but neither make nor change any; which, other walls have to say.

    Raises:
        SeccompUnavailable: No filter could be set.
    """
    machine = platform.machine()
    if machine not in _AUDIT_ARCHITECTURES:
        raise SeccompUnavailable(f"there is no filter for {machine}")
    code = _program(machine, os.getpid(), may_read_files=may_read_files)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    mode, flags = _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC
    failed = libc.syscall(_SECCOMP[machine], mode, flags, program)  # the id of a thread, perhaps
    if failed:
        raise SeccompUnavailable(os.strerror(ctypes.get_errno()) if failed < 0 else "a thread")


def _program(machine: str, own_pid: int, *, may_read_files: bool) -> bytes:
    column = _COLUMNS.index(machine)
    steps = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_JUMP_EQUAL, _AUDIT_ARCHITECTURES[machine], if_true=1),
        _instruction(_RETURN, _RET_KILL_PROCESS),
        _LOAD_NUMBER,
        _instruction(_JUMP_AT_LEAST, _X32_BIT, if_false=1),
        _REFUSE,
        _instruction(_JUMP_AT_LEAST, _YOUNGER, if_false=1),
        _instruction(_RETURN, _RET_ERRNO | errno.ENOSYS),
        # A thread's attributes lie in memory, where a filter cannot look: make glibc fall back.
        _instruction(_JUMP_EQUAL, _CLONE3, if_false=1),
        _instruction(_RETURN, _RET_ERRNO | errno.ENOSYS),
    ]
    # The last filter is the last word; until then another may come on top.
    refused = _REFUSED if may_read_files else _REFUSED | _SECCOMP_ALONE
    for name, numbers in refused.items():
        number = numbers[column]
        if number is not None and may_read_files and name in _OPENINGS:
            steps += _refuse_bits(number, _OPENINGS[name], _NOT_TO_READ)
        elif number is not None:
            steps += [_instruction(_JUMP_EQUAL, number, if_false=1), _REFUSE]
    clone = _CLONE[column]
    steps += _refuse_bits(clone, 0, _CLONE_NEW)
    steps += _allow(clone, 0, _JUMP_ANY_BIT, (_CLONE_THREAD,))
    steps += _allow(_TGKILL[column], 0, _JUMP_EQUAL, (own_pid,))  # abort() signals itself
    for numbers, argument, values in _BOUNDED.values():
        steps += _allow(numbers[column], argument, _JUMP_EQUAL, values)
    return b"".join([*steps, _instruction(_RETURN, _RET_ALLOW)])


def _refuse_bits(number: int, argument: int, bits: int) -> list[bytes]:
    """Refuse the call if its *argument* has any of *bits*."""
    return [
        _instruction(_JUMP_EQUAL, number, if_false=4),
        _argument(argument),
        _instruction(_JUMP_ANY_BIT, bits, if_false=1),
        _REFUSE,
        _LOAD_NUMBER,
    ]


def _allow(number: int, argument: int, test: int, values: Sequence[int]) -> list[bytes]:
    """Refuse the call unless its *argument* passes *test* with one of *values*."""
    return [
        _instruction(_JUMP_EQUAL, number, if_false=len(values) + 3),
        _argument(argument),
        *(
            _instruction(test, value, if_true=len(values) - place)
            for place, value in enumerate(values)
        ),
        _REFUSE,
        _LOAD_NUMBER,
    ]


def _argument(place: int) -> bytes:
    # Its low half, which is all of an int: both architectures are little-endian.
    return _instruction(_LOAD, _FIRST_ARGUMENT + _ARGUMENT_BYTES * place)


def _instruction(opcode: int, value: int, *, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", opcode, if_true, if_false, value)


_REFUSE: Final = _instruction(_RETURN, _RET_ERRNO | errno.EPERM)
_LOAD_NUMBER: Final = _instruction(_LOAD, _NUMBER)
